/* SPDX-License-Identifier: MIT */
/*
 * Boot options. Each word of the command line is "name", "name=value", "no-name" or "no<name>";
 * the file that owns an option declares it (hv/params.h). Spelling: Xen's xen-command-line page.
 */
#include <hv/params.h>
#include <hv/printk.h>

extern const struct boot_param _sparams[], _eparams[];

char saved_cmdline[1024];

static __init const struct boot_param *find(const char *name, size_t n)
{
    for (const struct boot_param *p = _sparams; p < _eparams; p++)
        if (strlen(p->name) == n && !strncmp(p->name, name, n))
            return p;
    return NULL;
}

static __init void parse_word(char *word)
{
    char *value = strchr(word, '=');
    size_t n = value ? (size_t)(value - word) : strlen(word);
    const struct boot_param *p = find(word, n);
    int rc;

    if (!strcmp(word, "placeholder")) /* GRUB's Xen script gives it as first word */
        return;
    if (p) {
        rc = p->parse(value ? value + 1 : "");
    } else if (!strncmp(word, "no", 2)) {
        size_t skip = word[2] == '-' ? 3 : 2;

        p = n > skip ? find(word + skip, n - skip) : NULL;
        rc = p ? p->parse("no") : 0;
    } else {
        rc = 0;
    }
    if (!p)
        printk(LOG_WARN "Option '%s' is not known; ignored\n", word);
    else if (rc)
        printk(LOG_WARN "Option '%s': value not understood; ignored\n", word);
}

void __init boot_params_parse(const char *cmdline)
{
    static char copy[1024] __section(".init.data");
    char *p = copy;

    strlcpy(saved_cmdline, cmdline, sizeof(saved_cmdline));
    strlcpy(copy, cmdline, sizeof(copy));
    while (*p) {
        char *word;

        while (*p == ' ' || *p == '\t' || *p == '\n')
            p++;
        word = p;
        while (*p && *p != ' ' && *p != '\t' && *p != '\n')
            p++;
        if (*p)
            *p++ = '\0';
        if (*word && !strcmp(word, "--"))
            return;
        if (*word)
            parse_word(word);
    }
}

int parse_bool(const char *s)
{
    static const char *const yes[] = {"", "1", "yes", "on", "true", "enable"};
    static const char *const no[] = {"0", "no", "off", "false", "disable"};

    for (size_t i = 0; i < ARRAY_SIZE(yes); i++)
        if (!strcmp(s, yes[i]))
            return 1;
    for (size_t i = 0; i < ARRAY_SIZE(no); i++)
        if (!strcmp(s, no[i]))
            return 0;
    return -1;
}
