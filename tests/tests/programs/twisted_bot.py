"""Uses txkoji as a bot does: reads, a session in the query of the URL, a write, a refusal."""
import configparser
import sys

from twisted.internet import task
from twisted.internet.defer import inlineCallbacks
from twisted.web import xmlrpc

# txkoji wants the names that these had before Python 3.12, and before Twisted 24
configparser.SafeConfigParser = configparser.ConfigParser
xmlrpc._QueryFactory = xmlrpc.QueryFactory

from txkoji import Connection
from txkoji import build_states, task_states
from txkoji.exceptions import KojiException


@inlineCallbacks
def main(reactor):
    koji = Connection('koji')
    assert (yield koji.getLoggedInUser()) is None
    build = yield koji.getBuild('hello-1-1')
    assert (build.nvr, build.state) == ('hello-1-1', build_states.COMPLETE), build
    assert (yield koji.getBuild('nosuch-1-1')) is None
    package = yield koji.getPackage('hello')
    builds = yield koji.listBuilds('hello', queryOpts={'order': '-build_id'})
    assert [(b.nvr, b.package_id) for b in builds] == [('hello-2-1', package.id), ('hello-1-1', package.id)], builds
    channels = yield koji.listChannels()
    assert 'default' in [channel.name for channel in channels], channels
    assert (yield koji.from_web('%s/buildinfo?buildID=%d' % (koji.weburl, build.id))).nvr == 'hello-1-1'

    # its own logins are of Kerberos and of certificates; what they note is this
    session = yield koji.call('login', 'ann', 'secret')
    koji.session_id, koji.session_key, koji.callnum = session['session-id'], session['session-key'], 0
    assert (yield koji.getLoggedInUser()).name == 'ann'
    made = yield koji.call('tagBuild', 'f44', 'hello-1-1', force=False)
    info = yield koji.getTaskInfo(made)
    assert (info.id, info.method, info.state) == (made, 'tagBuild', task_states.FREE), info
    assert info.request[:2] == [int(sys.argv[1]), build.id], info.request
    listed = yield koji.listTasks({'owner': info.owner}, {'order': 'id'})
    assert [t.id for t in listed] == [made], listed
    assert (yield koji.call('getTaskDescendents', made)) == {str(made): []}
    try:
        yield koji.call('createTag', 'mine')
        raise SystemExit('not refused')
    except KojiException as e:
        assert str(e) == 'tag permission required (logged in as ann)', e
    yield koji.call('logout')
    try:
        yield koji.getLoggedInUser()
        raise SystemExit('the session goes on')
    except KojiException as e:
        assert 'Invalid session' in str(e), e
    print('done')


task.react(main)
