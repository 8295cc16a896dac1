#!/usr/bin/env bash
# Fills fuzz/corpus with small inputs of each kind, and fuzz/words with what the methods are called.
set -euo pipefail
cd "$(dirname "$0")"
mkdir -p corpus/{request,codec,policy,rpm_import,archive_import,upload}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# the methods' and parameters' names, and XML-RPC's own words, as a dictionary
{
    grep -rhoE '"[A-Za-z][A-Za-z0-9_.]*"' ../koji-core/src/api | sort -u
    for tag in methodCall methodName methodResponse params param value string int i8 boolean double nil base64 array \
        data struct member name fault dateTime.iso8601; do
        printf '"<%s>"\n"</%s>"\n' "$tag" "$tag"
    done
} > words

call() {
    printf "<?xml version='1.0'?>\n<methodCall>\n<methodName>%s</methodName>\n<params>\n" "$1"
    shift
    printf '<param>\n<value>%s</value>\n</param>\n' "$@"
    printf '</params>\n</methodCall>\n'
}
calls() {
    call getTag '<string>f44</string>'
    call listTagged '<string>f44</string>' '<struct><member><name>__starstar</name><value><boolean>1</boolean></value></member><member><name>latest</name><value><int>1</int></value></member></struct>'
    call multiCall '<array><data><value><struct><member><name>methodName</name><value><string>getBuild</string></value></member><member><name>params</name><value><array><data><value><string>hello-1-1</string></value></data></array></value></member></struct></value></data></array>'
    call editTag2 '<string>f44</string>' '<struct><member><name>extra</name><value><struct><member><name>a</name><value><double>1.5</double></value></member></struct></value></member></struct>'
    call makeTask '<string>build</string>' '<array><data><value><string>git://x/y#1</string></value><value><nil/></value></data></array>'
    call CGImport '<struct><member><name>metadata_version</name><value><int>0</int></value></member></struct>' '<string>up</string>'
}
n=0
while IFS= read -r -d $'\x01' document; do
    n=$((n + 1))
    printf '%s' "$document" > "corpus/codec/call$n"
    { printf '\0'; printf '%s' "$document"; } > "corpus/request/call$n"
done < <(for i in 1 2 3 4 5 6; do calls | awk -v want="$i" '/<\?xml/ { n++ } n == want'; printf '\x01'; done)
cat > corpus/codec/response <<'XML'
<?xml version='1.0'?><methodResponse><params><param><value><array><data><value><i8>5000000000</i8></value><value><dateTime.iso8601>20240102T03:04:05</dateTime.iso8601></value><value><base64>aGk=</base64></value></data></array></value></param></params></methodResponse>
XML
# further ones are made of bytes: method, number of arguments, arguments
for n in $(seq 0 7 250); do
    printf '\x01'"\\x$(printf %02x "$n")"'\x00\x02\x06\x02\x07\x05\x04\x03\x0e\x02\x00\x06\x03' > "corpus/request/bytes$n"
done

cat > corpus/policy/nested <<'POLICY'
! has_perm admin && tag f44* :: {
    package hello* && version 1 :: flag known
    all :: break
}
flagged known :: allow
is_build_owner !! deny not yours
compare x > 3 && match_any tags a b :: stop
all :: deny
POLICY
printf 'buildtag f4* :: allow\nhastag * :: x\nimported :: y\npolicy fuzzed :: z\nsource * :: s\nuser_in_group * :: g\nbuildtype rpm :: r\nvolume * :: v\0\x09\x06\x01\x02\x06\x02\x0a\x0d\x01\x06\x05' > corpus/policy/data

cat > "$work/hello.spec" <<'SPEC'
Name: hello
Version: 1
Release: 1
Summary: A seed
License: MIT
BuildArch: noarch
Requires: bash >= 5
%description
Seed.
%install
mkdir -p %{buildroot}/usr/share
echo hello > %{buildroot}/usr/share/hello
%files
/usr/share/hello
%changelog
* Mon Jan 06 2025 Ann <ann@example.com> - 1-1
- First
SPEC
rpmbuild -ba --quiet --define "_topdir $work/rpm" "$work/hello.spec" > /dev/null 2>&1
cp "$work"/rpm/SRPMS/*.rpm "$work"/rpm/RPMS/noarch/*.rpm corpus/rpm_import/
rpmbuild -bb --quiet --define "_topdir $work/old" --define '_rpmformat 4' --define '_binary_payload w.ufdio' \
    "$work/hello.spec" > /dev/null 2>&1
cp "$work"/old/RPMS/noarch/*.rpm corpus/rpm_import/plain.rpm

mkdir -p "$work/files/dir"
echo a > "$work/files/a"
echo b > "$work/files/dir/b"
ln -s a "$work/files/link"
for format in gnu pax ustar; do
    tar -C "$work/files" --format="$format" -cf "corpus/archive_import/$format.tar" a dir link
done
for packer in gzip bzip2 xz zstd; do
    tar -C "$work/files" -cf - a dir | "$packer" -c > "corpus/archive_import/packed.$packer"
done
(cd "$work/files" && zip -qr - a dir) > corpus/archive_import/files.zip
printf '<project xmlns="x"><parent><groupId>org.example</groupId></parent><artifactId>lib</artifactId><version>1&amp;</version></project>' \
    > corpus/archive_import/lib.pom

printf '\xff\x00\x05hello\x00\x00\x00\xff\x02\x1e\x2e\x03abc\x00\x00\x01' > corpus/upload/two
printf '\x00\x06\x14\x21\x16\x1a\x15\x1b\x0bhello world\x01\x02\x00' > corpus/upload/words
