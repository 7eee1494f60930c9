#!/usr/bin/env bash
# Opens the desk with nothing but Python 3.11 or newer on the machine. What it does, and every command: ./run.sh --help
# This file only finds a Python; scripts/start does the work, so that Linux, macOS and Windows share one way.
set -u

here=$(CDPATH= cd -P -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd) || exit 1

# A fresh process per candidate: a name on the PATH may be a shim that points nowhere.
new_enough() { "$1" -I -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; }
can_make_environments() { "$1" -I -c 'import ensurepip, venv' >/dev/null 2>&1; }

python=""
second_best="" # new enough, but without the part that makes environments: scripts/start explains what to install
for candidate in "$here/.venv/bin/python" python3.14 python3.13 python3.12 python3.11 python3 python; do
    new_enough "$candidate" || continue
    if can_make_environments "$candidate"; then
        python=$candidate
        break
    fi
    second_best=${second_best:-$candidate}
done
python=${python:-$second_best}

if [ -z "$python" ]; then
    echo "The desk needs Python 3.11 or newer, and none was found on the PATH; install it from https://www.python.org/downloads/ or with your system's package manager, then run this again." >&2
    exit 1
fi

# -I: neither PYTHONPATH nor a file beside the caller may change what starts.
exec "$python" -I "$here/scripts/start" "$@"
