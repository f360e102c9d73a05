#!/bin/sh
# libvirtd.sh FOLDER: becomes a libvirtd of its own, with the QEMU driver, that writes nothing outside of FOLDER. It has its own view of the
# folders that libvirt has compiled in. Its socket is FOLDER/run/libvirt-sock.
set -eu
folder=$1
if [ "${2-}" != inside ]; then
  for part in etc lib run log cache images; do mkdir -p "$folder/$part"; done
  cp -a /etc/libvirt/. "$folder/etc/"
  rm -rf "$folder"/etc/qemu "$folder"/etc/storage
  cp -a /var/lib/libvirt/. "$folder/lib/"
  cat >"$folder/etc/qemu.conf" <<'CONF'
user = "root"
group = "root"
dynamic_ownership = 0
remember_owner = 0
security_driver = "none"
namespaces = []
cgroup_controllers = []
stdio_handler = "file"
CONF
  printf '%s\n' 'listen_tls = 0' 'auth_unix_rw = "none"' 'unix_sock_group = "root"' >"$folder/etc/libvirtd.conf"
  exec unshare --mount --propagation private sh "$0" "$folder" inside
fi
mkdir -p /run/libvirt /var/log/libvirt /var/cache/libvirt
mount --bind "$folder/etc" /etc/libvirt
mount --bind "$folder/lib" /var/lib/libvirt
mount --bind "$folder/run" /run/libvirt
mount --bind "$folder/log" /var/log/libvirt
mount --bind "$folder/cache" /var/cache/libvirt
exec libvirtd --pid-file "$folder/pid"
