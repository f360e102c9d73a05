#!/bin/sh
# limits-guest.sh FOLDER NODE SCRIPT: the initramfs of the test guest (scripts/build-test-guest.sh) with Node.js and Drover's sources in it, as
# FOLDER/initrd.gz. Booted with rdinit=/limits it runs SCRIPT in a control group as systemd would give to Drover, and powers off.
set -eu
guest=/usr/local/share/drover-test-guest
folder=$1
node=$2
script=$3
root=$folder/root
mkdir -p "$root/bin" "$root/app/node_modules"
cp -L "$node" "$root/bin/node"
for library in $(ldd "$node" | grep -o '/[^ ]*'); do
  mkdir -p "$root$(dirname "$library")"
  cp -L "$library" "$root$library"
done
cp -r src test package.json "$root/app/"
cp -rL node_modules/zod "$root/app/node_modules/"
cat >"$root/limits" <<GUEST
#!/bin/sh
export PATH=/bin:/sbin HOME=/root
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mount -t cgroup2 none /sys/fs/cgroup
ip link set lo up
cd /sys/fs/cgroup
echo '+memory +cpu' >cgroup.subtree_control
mkdir -p system.slice/drover.service
echo '+memory +cpu' >system.slice/cgroup.subtree_control
sh -c 'echo \$\$ >system.slice/drover.service/cgroup.procs; cd /app; exec node $script'
poweroff -f
GUEST
chmod 755 "$root/limits"
(cd "$root" && find . | cpio --quiet -o -H newc -R 0:0 | gzip -1) >"$folder/more.gz"
cat "$guest/initrd.gz" "$folder/more.gz" >"$folder/initrd.gz"
rm -rf "$root" "$folder/more.gz"
