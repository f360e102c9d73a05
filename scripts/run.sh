#!/bin/sh
# run.sh COMMAND...: sets up what is missing, then becomes the command with the project's Node.js and packages first on PATH.
# Without HAProxy (setup.sh has said how to get it) the command runs all the same: what needs HAProxy says so itself.
set -eu

root=$(cd "$(dirname "$0")/.." && pwd -P)
sh "$root/scripts/setup.sh" || { status=$?; [ "$status" -eq 77 ] || exit "$status"; }
. "$root/scripts/runtime.sh"
use_project_node
exec "$@"
