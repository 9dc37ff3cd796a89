#!/bin/sh
# SPDX-License-Identifier: MIT
# Proves our public headers against Xen's; see check.py. Works from any directory.
set -e
cd "$(dirname "$0")/../.."
exec python3 -B tests/abi/check.py "$@"
