# SPDX-License-Identifier: MIT
"""That the manual pages tell of everything that there is, and of nothing that is not."""
import re

PAGES = "docs/man/"


def entries(page):
    """The words in bold that begin the paragraphs (.TP) of a manual page."""
    found = set()
    for line in re.findall(r"^\.TP\n(\.B[IR]? .*)", page, re.M):
        plain = re.sub(r"\\fI[^\\]*|\\f[BR]", " ", line.replace(r"\-", "-"))
        found |= set(re.findall(r"(?<![\w-])[a-z][\w-]*", plain.replace("=", " ")))
    return found


def compare(names, page, what):
    """Yield what is not in the page."""
    for name in sorted(names):
        yield name, None if name in page else f"{what} is not documented"


def boot_options(source):
    """Each BOOT_PARAM() stands in domus-options(7), and nothing else does."""
    names = set()
    for path in source.ending(".c"):
        if path.startswith("hypervisor/"):
            names |= set(re.findall(r'^BOOT_PARAM\("([\w-]+)"', source.text(path), re.M))
    page = source.text(PAGES + "domus-options.7")
    heads = set(re.findall(r"^\.TP\n\.B[IR]? ([\w-]+)", page, re.M))
    yield from compare(names, heads, "this boot option")
    for name in sorted(heads - names):
        yield PAGES + "domus-options.7", f"the hypervisor has no option {name}"


def verbs(source):
    """Each verb of the table stands in domus(1)."""
    table = re.search(r"cmds\[\] = \{(.*?)\n\};", source.text("toolstack/cli/main.c"), re.S)
    names = set(re.findall(r'^    \{ "([\w-]+)",', table.group(1), re.M))
    yield from compare(names, entries(source.text(PAGES + "domus.1")), "this verb")


def config_keys(source):
    """Each key of a domain file stands in domus.cfg(5)."""
    names = set()
    for path in source.ending(".c"):
        if path.startswith("toolstack/lib/config/config_keys"):
            names |= set(re.findall(r'^    \{ "(\w+)", CONFIG_', source.text(path), re.M))
    yield from compare(names - {"builder"}, entries(source.text(PAGES + "domus.cfg.5")), "this key")


def methods(source):
    """Each method of domusd's socket stands in domusd(8)."""
    names = set(re.findall(r'\{ "([\w-]+)", api_\w+ \}', source.text("toolstack/daemon/api.c")))
    yield from compare(names, entries(source.text(PAGES + "domusd.8")), "this method")


RULES = [boot_options, verbs, config_keys, methods]
