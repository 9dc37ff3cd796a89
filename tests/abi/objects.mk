# SPDX-License-Identifier: MIT
# Proof of the public ABI headers against Xen's own (needs libxen-dev, gcc and clang).
.PHONY: check-abi
check-abi:
	@tests/abi/run.sh
