# SPDX-License-Identifier: MIT
"""That documents and programs agree; no machine is needed for these."""
import gzip
import os
import re
import shlex
import subprocess

import pytest
import schema
from conftest import BUILD
from packages import ROOT, TOP

# Words of the page that are not keys but parts of the values of others.
MEMBERS = {"backend", "connection", "controller", "display", "height", "hostaddr", "hostbus",
           "path", "pnode", "policy", "port", "ports", "size", "strategy", "tag", "vdistances",
           "version", "width", "xauthority"}


def complete(*words):
    """What bash proposes for the last word of a command line."""
    script = ('. "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _domus;'
              ' printf "%s\\n" "${COMPREPLY[@]}"')
    path = os.path.join(BUILD, "bin") + ":" + os.environ["PATH"]
    done = subprocess.run(["bash", "-c", script, os.path.join(TOP, "packaging/completion/domus"),
                           *words], capture_output=True, text=True, check=True,
                          env={**os.environ, "PATH": path})
    return done.stdout.split()


def test_completion():
    """Verbs, options and arguments are proposed."""
    assert complete("domus", "mem-") == ["mem-set", "mem-max"]
    assert set(complete("domus", "dump")) == {"dump-core"}
    assert {"--dry-run", "--no-wait", "-c"} <= set(complete("domus", "create", "-"))
    assert complete("domus", "shutdown", "--a") == ["--all"]
    assert complete("domus", "help", "vcpu-p") == ["vcpu-pin"]
    assert complete("domus", "trigger", "demo", "n") == ["nmi"]


def test_keys_of_xl(all_images, tmp_path):
    """Every key that Debian's xl.cfg(5) describes is understood, or refused with a remedy."""
    del all_images
    with gzip.open(os.path.join(ROOT, "usr/share/man/man5/xl.cfg.5.gz"), "rt") as file:
        keys = set(re.findall(r'^\.IP "\\fB([a-z0-9_]+) ?=', file.read(), re.M)) - MEMBERS
    assert len(keys) > 70
    config = tmp_path / "x.cfg"
    for key in sorted(keys):
        config.write_text(f"name = 'x'\nkernel = '/none'\nmemory = 1\n{key} = 1\n")
        done = subprocess.run([os.path.join(BUILD, "bin/domus"), "check", str(config)],
                              capture_output=True, text=True, check=False)
        assert done.returncode == 1 and "there is no key" not in done.stderr, done.stderr
        assert done.stderr.count("\n") == 1, done.stderr


# arguments behind x.cfg's folder, exit status, words of the message
OWN_ERRORS = [
    ("check --json none.cfg", 1, ["none.cfg", "No such file"]),
    ("check --json", 2, ["usage: domus check"]),
    ("create --json x.cfg memry=3", 1, ["setting 'memry=3'", "'memory'"]),
    ("create x.cfg extra=a memory=much --json", 1, ["setting 'memory=much'", "a number"]),
    ("create --json x.cfg 'disk=[7'", 1, ["disk=[7"]),
    ("create --json broken.cfg memory=3", 1, ["broken.cfg:2"]),
    ("create --json x.cfg", 1, ["domusd does not answer", "start it"]),
    ("shutdown --json -t 5x one", 1, ["timeout", "5x"]),
]


@pytest.mark.parametrize("arguments,status,words", OWN_ERRORS)
def test_own_errors(tmp_path, arguments, status, words):
    """What the command itself finds wrong is an object with --json, and one sentence."""
    (tmp_path / "x.cfg").write_text("name = 'x'\nkernel = '/none'\nmemory = 1\n")
    (tmp_path / "broken.cfg").write_text("name = 'x'\nkernel = [\n")
    done = subprocess.run([os.path.join(BUILD, "bin/domus"), *shlex.split(arguments)],
                          cwd=tmp_path, capture_output=True, text=True, check=False)
    error = schema.parse(done.stdout, "error")["error"]
    assert (done.returncode, error["code"]) == (status, status)
    assert all(word in error["message"] for word in words), error
    assert done.stderr.count("\n") == 1 and error["message"] in done.stderr


def test_schemas():
    """Each schema is one that the tests can check, and complains of what is not meant."""
    folder = os.path.join(TOP, "docs/schema")
    names = sorted(name[:-5] for name in os.listdir(folder))
    for name in names:
        assert list(schema.complaints(3.5, schema.load(name))), name
    assert not list(schema.complaints(None, schema.load("none")))
