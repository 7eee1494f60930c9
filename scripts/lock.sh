#!/usr/bin/env bash
# Writes requirements.lock (what opens the desk), requirements-dev.lock (the same pins and what tests and checks need) and
# deploy/requirements.lock (the same pins and what the image needs)
# from pyproject.toml, for every system and every Python from 3.11 on. Arguments go to uv, for example:
#   scripts/lock.sh --upgrade                     everything to its newest allowed version
#   scripts/lock.sh --upgrade-package streamlit   one package
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."

uv=$(command -v .venv/bin/uv || command -v uv) || {
    echo "Locking needs uv: .venv/bin/python -m pip install uv" >&2
    exit 1
}

# --no-config and the emptied variables: the address of somebody's package index must not get into the files.
compile() {
    env -u UV_INDEX_URL -u UV_EXTRA_INDEX_URL -u UV_INDEX -u UV_DEFAULT_INDEX -u UV_FIND_LINKS \
        "$uv" --no-config pip compile --quiet --universal --python-version 3.11 --generate-hashes \
        --no-emit-index-url --no-emit-find-links --no-header --no-annotate --no-emit-package casedesk "$@"
}

work=$(mktemp -d)
trap 'rm -rf -- "$work"' EXIT

# The desk itself is installed without build isolation, so what builds it is pinned too.
echo "hatchling" >"$work/build.txt"

# From 49 on, cryptography has no wheels for Intel Macs, and building it takes a Rust compiler. Both lines are needed: with
# one of them everybody would get the older version.
cat >"$work/constraints.txt" <<'END'
cryptography<49 ; sys_platform == 'darwin' and platform_machine == 'x86_64'
cryptography>=50 ; sys_platform != 'darwin' or platform_machine != 'x86_64'
END

compile pyproject.toml --extra model --extra postgres --extra oidc "$work/build.txt" --constraint "$work/constraints.txt" \
    --output-file requirements.lock "$@"
# What the image of deploy/ holds: the same pins, and the drivers of what it can be connected to.
compile pyproject.toml --extra model --extra postgres --extra oidc --extra mssql --extra timestamp --extra kafka \
    --extra registry --extra llm --extra redis --extra traces "$work/build.txt" --constraint "$work/constraints.txt" \
    --constraint requirements.lock --output-file deploy/requirements.lock "$@"
compile pyproject.toml --extra dev "$work/build.txt" --constraint "$work/constraints.txt" \
    --constraint requirements.lock --output-file requirements-dev.lock "$@"

if grep -nE '://|^-|file:|^[./]|@ ' requirements.lock requirements-dev.lock deploy/requirements.lock; then
    echo "An address or a path got into a lock file: see the lines above." >&2
    exit 1
fi
