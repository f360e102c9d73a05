#!/bin/sh
# Everything that can be said about the sources without running them. Goes on after a failure, so that one run shows all.
cd "$(dirname "$0")/.." || exit 1
failed=

check() {
  title=$1
  shift
  if output=$("$@" 2>&1); then
    printf '%-46s ok\n' "$title"
  else
    printf '%-46s failed\n%s\n\n' "$title" "$output"
    failed="${failed:+$failed; }$title"
  fi
}

check 'types' tsc --noEmit
check 'types of the dashboard' tsc --noEmit -p web
check 'lint, format, import directions and circles' biome check --error-on-warnings .
check 'unused files, exports and packages' knip
check 'links in the documentation' node scripts/check-links.ts

if [ -n "$failed" ]; then
  echo "check failed: $failed"
  exit 1
fi
echo 'check passed'
