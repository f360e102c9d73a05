#!/bin/sh
# Installs HAProxy from the distribution (Debian, Ubuntu), as root. Drover runs an HAProxy of its own, so the package's
# service is neither started now nor at the next boot.
set -eu

if [ "$(id -u)" -ne 0 ]; then
  echo 'install-haproxy.sh has to run as root, for example: sudo sh scripts/install-haproxy.sh' >&2
  exit 77
fi
if PATH="$PATH:/usr/sbin" command -v haproxy >/dev/null; then
  exit 0
fi

# Packages ask this program whether their services may start: 101 is no. An administrator's own comes back afterwards.
policy=/usr/sbin/policy-rc.d
kept=
restore() {
  rm -f "$policy"
  if [ -n "$kept" ]; then mv "$kept" "$policy"; fi
}
trap restore EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
if [ -e "$policy" ]; then
  kept=$policy.before-drover
  mv "$policy" "$kept"
fi
printf '#!/bin/sh\n# Drover is installing HAProxy; this file goes away when it is done.\nexit 101\n' >"$policy"
chmod 755 "$policy"

export DEBIAN_FRONTEND=noninteractive
# A third-party source that does not answer is no reason to stop: the installation decides.
apt-get update -q || true
apt-get install -q -y --no-install-recommends -o DPkg::Lock::Timeout=120 haproxy

# Not at the next boot either, whichever init system this is.
if command -v systemctl >/dev/null; then systemctl disable --quiet haproxy.service || true; fi
if command -v update-rc.d >/dev/null; then update-rc.d haproxy disable || true; fi
