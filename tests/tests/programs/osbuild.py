"""Imports an image as osbuild-composer does: every call, and every chunk of an upload, has its session in the query."""
import hashlib
import json
import sys
import time
import xmlrpc.client
import zlib
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

CHUNK = 1 << 20


class Koji:
    def __init__(self, url):
        self.url, self.session = url, None

    def post(self, query, body, content_type):
        if self.session:
            keys = ('session-id', 'session-key')
            query = query | {key: self.session[key] for key in keys} | {'callnum': self.session['callnum']}
            self.session['callnum'] += 1
        url = self.url + ('?' + urlencode(query) if query else '')
        answer = urlopen(Request(url, body, {'Content-Type': content_type})).read()
        return xmlrpc.client.loads(answer)[0][0]

    def call(self, method, *args):
        body = xmlrpc.client.dumps(args, method, allow_none=True).encode()
        return self.post({}, body, 'text/xml')

    def login(self, user, password):
        self.session = self.call('login', user, password) | {'callnum': 0}

    def upload(self, data, path, name):
        for offset in range(0, len(data), CHUNK):
            chunk = data[offset:offset + CHUNK]
            query = {'filepath': path, 'filename': name, 'offset': offset, 'fileverify': 'adler32', 'overwrite': 'true'}
            answer = self.post(query, chunk, 'application/octet-stream')
            assert answer['size'] == len(chunk), answer
            assert answer['hexdigest'] == '%08x' % zlib.adler32(chunk), answer
        return {'filename': name, 'filesize': len(data), 'checksum_type': 'md5',
                'checksum': hashlib.md5(data).hexdigest()}


def fault(call, *args):
    try:
        call(*args)
    except xmlrpc.client.Fault as e:
        return e.faultCode, e.faultString
    raise SystemExit('no fault')


koji = Koji(sys.argv[1])
koji.login('composer', 'secret')
key = {'name': 'fedora-image', 'version': '44', 'release': '1'}
image = bytes(range(256)) * 10240 + b'the end'
directory = 'osbuild-cg/osbuild-composer-koji-5a1b'

# a compose that fails
first = koji.call('CGInitBuild', 'osbuild', key)
assert fault(koji.call, 'CGInitBuild', 'osbuild', key)[0] == 1000
koji.call('CGRefundBuild', 'osbuild', first['build_id'], first['token'], 3)

reserved = koji.call('CGInitBuild', 'osbuild', key)
assert reserved['build_id'] == first['build_id'] and reserved['token'] != first['token'], reserved
now = time.time()
files = [

    (koji.upload(b'the log', directory, 'osbuild.log'), {'type': 'log', 'arch': 'x86_64'}),
    (koji.upload(image, directory, 'disk.qcow2'),
     {'type': 'image', 'arch': 'x86_64', 'extra': {'image': {'arch': 'x86_64', 'boot_mode': 'uefi'}}}),
]
# a chunk that is sent again after an answer was lost
koji.upload(image, directory, 'disk.qcow2')
metadata = {
    'metadata_version': 0,
    'build': key | {
        'build_id': reserved['build_id'], 'source': 'https://example.com/manifest', 'start_time': int(now) - 60,
        'end_time': int(now), 'extra': {'typeinfo': {'image': {}}, 'osbuild_manifest': {'disk.qcow2': {}}}},
    'buildroots': [{
        'id': 1, 'host': {'os': 'fedora-44', 'arch': 'x86_64'},
        'content_generator': {'name': 'osbuild', 'version': '0'}, 'container': {'type': 'none', 'arch': 'x86_64'},
        'tools': [{'name': 'osbuild', 'version': '120'}],
        'components': [{'type': 'rpm', 'name': 'bash', 'version': '5', 'release': '1', 'epoch': None,
                        'arch': 'x86_64', 'sigmd5': 'd41d8cd98f00b204e9800998ecf8427e', 'signature': None}]}],
    'output': [{'buildroot_id': 1, 'components': []} | uploaded | about for uploaded, about in files],
}
code, text = fault(koji.call, 'CGImport', json.dumps(metadata), directory, 'not-the-token')
assert 'token' in text.lower(), text
build = koji.call('CGImport', json.dumps(metadata), directory, reserved['token'])
assert (build['id'], build['state']) == (reserved['build_id'], 1), build
assert koji.call('getBuild', build['id'])['nvr'] == 'fedora-image-44-1'
koji.call('logout')
try:
    code, text = fault(koji.upload, b'x', directory, 'late')
    assert code == 1002, (code, text)
except HTTPError as e:
    raise SystemExit('an upload of an ended session gets no fault but %s' % e)
print('done')
