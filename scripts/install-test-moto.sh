#!/bin/sh
# Unpacks moto, an independent stand-in for AWS, with boto3 and a Python of its own from Debian trixie into a folder: nothing of it is installed, so
# that it goes with any Debian. As root, for the folder's sake; it runs as anybody.
#
#   sh scripts/install-test-moto.sh      writes /usr/local/share/drover-test-moto and /usr/local/bin/drover-test-moto, that Python
set -eu
folder=/usr/local/share/drover-test-moto
program=/usr/local/bin/drover-test-moto
if [ -e "$program" ]; then
  echo "moto is in $folder."
  exit 0
fi
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
[ -e "$keyring" ] || { echo "The packages of Debian cannot be verified without $keyring; install debian-archive-keyring." >&2; exit 1; }

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/state/lists/partial" "$work/cache/archives/partial"
: >"$work/status"
echo "deb [signed-by=$keyring] http://deb.debian.org/debian trixie main" >"$work/sources.list"
cat >"$work/apt.conf" <<CONF
Dir::State "$work/state";
Dir::State::status "$work/status";
Dir::Cache "$work/cache";
Dir::Etc::sourcelist "$work/sources.list";
Dir::Etc::sourceparts "-";
APT::Install-Recommends "false";
APT::Sandbox::User "root";
Acquire::Languages "none";
CONF
# With an empty state every package counts as missing, down to the C library.
export APT_CONFIG="$work/apt.conf"
apt-get update -q
apt-get install -q -y --download-only python3-moto python3-flask-cors

root=$work/root
for directory in bin lib lib64 sbin; do
  mkdir -p "$root/usr/$directory"
  ln -s "usr/$directory" "$root/$directory"
done
for package in "$work"/cache/archives/*.deb; do
  dpkg-deb --fsys-tarfile "$package" | tar -x -C "$root" --keep-directory-symlink ./usr
done
chmod 755 "$root"
rm -rf "$folder"
mkdir -p "$(dirname "$folder")" "$(dirname "$program")"
mv "$root" "$folder"

loader=$(echo "$folder"/usr/lib*/ld-linux*)
libraries=$(echo "$folder"/usr/lib/*-linux-gnu)
cat >"$work/program" <<PROGRAM
#!/bin/sh
# Python of Debian trixie with moto and boto3, for Drover's tests.
export PYTHONHOME=$folder/usr PYTHONPATH=$folder/usr/lib/python3/dist-packages PYTHONDONTWRITEBYTECODE=1
exec $loader --library-path $libraries $folder/usr/bin/python3 "\$@"
PROGRAM
chmod 755 "$work/program"
# Compiled once: whoever runs the tests may not write there.
PYTHONDONTWRITEBYTECODE= "$work/program" -m compileall -q "$folder"/usr/lib/python3*/ -x "/test/|/idlelib/" || true
mv "$work/program" "$program"
echo "moto is in $folder."
