#!/usr/bin/env bash
# The suite once more, on Node 24, which the npm registry carries as a package; without what Chromium does with our pages,
# and without the interleavings: both are the same whatever Node sends them.
set -euo pipefail
cd "$(dirname "$0")/.."
work=$(mktemp -d)
chmod 755 "$work" # some tests run our command as another user
trap 'rm -rf "$work"' EXIT
npm install --silent --no-audit --no-fund --no-save --ignore-scripts --prefix "$work" "node-linux-$(node -p process.arch)@24" >&2
NODE="$work/node_modules/node-linux-$(node -p process.arch)/bin/node"
"$NODE" --version >&2
export NODE
export WITHOUT='browser interleavings'
bash scripts/test.sh "$@"
