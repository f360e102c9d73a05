#!/bin/sh
# provision.sh SERVER GREETING: nginx, with a page that says which server answers and one for the health check. Run as root by Vagrant.
set -eu
server=$1
greeting=$2

export DEBIAN_FRONTEND=noninteractive
apt-get update -q
apt-get install -q -y --no-install-recommends nginx

printf '%s, this is %s\n' "$greeting" "$server" >/var/www/html/index.html
echo ok >/var/www/html/health
systemctl enable --now nginx
