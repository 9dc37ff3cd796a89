/* SPDX-License-Identifier: MIT */
/*
 * Words for what can be wrong with a kernel image. Owns a constant table.
 */
#include <image/error.h>

static const char *const texts[] = {
    [IMAGE_E_NOT_KERNEL] = "it is neither a bzImage nor an ELF file, compressed or not",
    [IMAGE_E_TRUNCATED] = "the file ends before something that its headers announce",
    [IMAGE_E_NOT_ELF64_X86] = "it is not a 64-bit x86 ELF executable",
    [IMAGE_E_HEADERS] = "its ELF headers are malformed",
    [IMAGE_E_SEGMENTS] = "it has no loadable segment, or too many",
    [IMAGE_E_ADDRESSES] = "its segments have addresses that cannot be loaded",
    [IMAGE_E_NO_XEN_NOTES] = "it has no Xen notes, so it is not built for paravirtualization",
    [IMAGE_E_NOTES] = "its Xen notes are malformed",
    [IMAGE_E_ENTRY] = "its entry point lies outside the image",
    [IMAGE_E_GUEST_LOADER] = "its Xen notes ask for another loader or another Xen than xen-3.0",
    [IMAGE_E_FEATURES] = "it requires a feature that 64-bit PV domains do not have",
    [IMAGE_E_OLD_BZIMAGE] = "its boot protocol is older than 2.08 and names no payload",
    [IMAGE_E_COMPRESSION] = "it is compressed in a way that is not supported",
    [IMAGE_E_CORRUPT] = "its compressed data is damaged",
    [IMAGE_E_TOO_BIG] = "it is too big once unpacked",
    [IMAGE_E_NO_MEMORY] = "there is not enough memory to unpack it",
    [IMAGE_E_MEMORY_TOO_SMALL] = "it does not fit into the domain's memory",
    [IMAGE_E_P2M_ADDRESS] = "its INIT_P2M note asks for an unusable address",
    [IMAGE_E_VIRT_RANGE] = "its virtual addresses leave the range that a guest may use",
};

const char *image_strerror(int err)
{
    unsigned int i = err < 0 ? 0u - (unsigned int)err : (unsigned int)err;

    if (i >= sizeof(texts) / sizeof(texts[0]) || !texts[i])
        return "it cannot be used";
    return texts[i];
}
