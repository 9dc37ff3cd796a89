#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Install the Debian packages that a set of make targets needs, and say which. When all are
# there it changes nothing and needs neither root nor the network.
# usage: deps.sh build|run|debug|check|analyze
set -eu

build="gcc binutils libc6-dev libxen-dev libyajl-dev libmnl-dev zlib1g-dev liblzma-dev libzstd-dev
       liblz4-dev libbz2-dev xz-utils python3"
run="$build qemu-system-x86 seabios ovmf grub-common grub-pc-bin grub-efi-amd64-bin xorriso mtools
     e2fsprogs kmod ca-certificates"
debug="$run gdb"
check="$debug clang libclang-rt-14-dev libcmocka-dev python3-pytest python3-pytest-xdist
       python3-pexpect curl"
analyze="$build clang clang-tidy cppcheck"

case "${1-}" in
    build) wanted=$build ;;
    run) wanted=$run ;;
    debug) wanted=$debug ;;
    check) wanted=$check ;;
    analyze) wanted=$analyze ;;
    *) echo "usage: $0 build|run|debug|check|analyze" >&2; exit 2 ;;
esac

if ! command -v dpkg-query >/dev/null; then
    echo "deps: this is not a Debian system; install by hand what these packages hold:" $wanted >&2
    exit 0
fi

missing=
for package in $wanted; do
    state=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
    [ "$state" = installed ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

sudo=
if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null || {
        echo "deps: cannot install packages: not root, and there is no sudo; as root, run:" >&2
        echo "      apt-get install --no-install-recommends$missing" >&2
        exit 1
    }
    sudo=sudo
fi

echo "deps: installing with apt-get:$missing"
install="env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends"
# The lists of a fresh machine can be empty or too old: refresh them, then install.
$sudo apt-get update -q
$sudo $install $missing
