use super::*;
use crate::api::{BuildRef, TagRef, TargetRef};
use crate::ids::{BuildId, RepoId, TagId};

/// A request as JSON.
fn request(json: &str) -> Vec<Value> {
    serde_json::from_str(json).unwrap()
}

#[test]
fn requests_read_by_position_and_by_name() {
    let expected = Build {
        src: "git://h/r#x".to_owned(),
        target: Some(TargetRef::from("f44")),
        opts: BuildOpts { scratch: true, repo_id: Some(RepoId(3)), ..BuildOpts::default() },
    };
    for json in [
        r#"["git://h/r#x", "f44", {"scratch": 1, "repo_id": 3, "skip_tag": null, "other": 1}]"#,
        r#"["git://h/r#x", {"target": "f44", "opts": {"scratch": true, "repo_id": 3}, "__starstar": true}]"#,
        r#"[{"__method__": "build", "src": "git://h/r#x", "target": "f44", "opts": {"scratch": true, "repo_id": 3}}]"#,
    ] {
        assert_eq!(Build::from_request(&request(json)).unwrap(), expected, "{json}");
    }
    let without = Build::from_request(&request(r#"["a.src.rpm", null]"#)).unwrap();
    assert_eq!((without.target, without.opts), (None, BuildOpts::default()));
}

#[test]
fn requests_are_written_as_koji_writes_them() {
    let opts = BuildArchOpts { repo_id: Some(RepoId(7)) };
    let task = BuildArch { pkg: "p".into(), root: TagId(2).into(), arch: "x86_64".into(), keep_srpm: true, opts };
    assert_eq!(task.into_request(), request(r#"["p", 2, "x86_64", true, {"repo_id": 7}]"#));

    let task = TagBuild {
        tag_id: TagId(1).into(),
        build_id: BuildRef::Id(BuildId(2)),
        force: false,
        fromtag: None,
        ignore_success: true,
    };
    assert_eq!(task.into_request(), request("[1, 2, false, null, true]"));

    let task = NewRepo {
        tag: TagRef::from("f44-build"),
        event: None,
        src: None,
        debuginfo: None,
        separate_src: None,
        opts: Some([("src", true)].into_iter().collect()),
    };
    assert_eq!(task.into_request(), request(r#"["f44-build", {"opts": {"src": true}, "__starstar": true}]"#));
    assert_eq!(Shutdown {}.into_request(), []);
}

#[test]
fn every_request_survives_the_way_back() {
    let cases =
        [r#"["git://h/r#x", "f44", {"draft": true, "wait_builds": ["a-1-1"]}]"#, r#"["git://h/r#x", null, {}]"#];
    for json in cases {
        assert_eq!(Build::from_request(&request(json)).unwrap().into_request(), request(json));
    }
    let json = r#"["f44", "x86_64", ["ls", "-l"], {"keep": true, "mounts": ["/m"], "__starstar": true}]"#;
    assert_eq!(RunRoot::from_request(&request(json)).unwrap().into_request(), request(json));
    let json = r#"[1, "a", {"b": 2, "__starstar": true}]"#;
    assert_eq!(UnknownMethod::from_request(&request(json)).unwrap().into_request(), request(json));
    let json = r#"[3, true]"#;
    assert_eq!(SaveFailedTree::from_request(&request(json)).unwrap().into_request(), request(json));
}

#[test]
fn wrong_requests_are_parameter_errors_with_kojis_words() {
    let cases = [
        ("[]", "missing required argument 'src' (#0)"),
        (r#"["a"]"#, "missing required argument 'target' (#1)"),
        (r#"["a", "b", null, 1]"#, "too many args"),
        (r#"["a", {"src": 1, "__starstar": true}]"#, "duplicate keyword argument 'src'"),
        (r#"["a", {"arch": 1, "__starstar": true}]"#, "unexpected keyword argument 'arch'"),
        (r#"[5, "f44"]"#, "src: expected a string, not int"),
    ];
    for (json, expected) in cases {
        let fault = Build::from_request(&request(json)).unwrap_err();
        assert_eq!((fault.code, fault.message), (1019, format!("Invalid signature for build: {expected}")));
    }
}

#[test]
fn arguments_by_name_have_their_defaults() {
    let args = named("tagBuild", &request("[1, 2]")).unwrap().unwrap();
    let expected = r#"{"tag_id": 1, "build_id": 2, "force": false, "fromtag": null, "ignore_success": false}"#;
    assert_eq!(args, serde_json::from_str(expected).unwrap());
    assert!(named("build", &[]).unwrap().is_err());
    assert!(named("noSuchMethod", &[]).is_none());
}

#[test]
fn methods_are_defined_once() {
    let mut names: Vec<_> = methods().collect();
    names.sort_unstable();
    let count = names.len();
    names.dedup();
    assert_eq!((names.len(), count), (45, 45));
}

/// Each label is what Python's `koji.taskLabel` gives.
#[test]
fn labels_are_kojis() {
    let cases = [
        ("build", r#"["git+https://h/rpms/bash.git#abc", "f44", {}]"#, "build (f44, /rpms/bash.git:abc)"),
        ("build", r#"["git://h/a/b?sub/dir#rev", {"name": "f44"}]"#, "build (f44, /a/b:sub/dir:rev)"),
        ("build", r#"["git://h/a", "f44"]"#, "build (f44, /:git://h/a)"),
        ("build", r#"["cli-build/1.x/bash-5.2-1.src.rpm", null]"#, "build (None, bash-5.2-1.src.rpm)"),
        ("build", "[null, null]", "malformed task"),
        ("build", "[]", "build (noarch, unknown args)"),
        ("buildSRPMFromSCM", r##"["git://h/a?#rev", 5]"##, "buildSRPMFromSCM (/a:rev)"),
        ("rebuildSRPM", r#"["a/b.src.rpm", 5]"#, "rebuildSRPM (noarch)"),
        ("buildArch", r#"["a/b.src.rpm", 5, "x86_64", true]"#, "buildArch (b.src.rpm, x86_64)"),
        ("buildArch", r#"[{"name": "b.src.rpm"}, 5, "x86_64", true]"#, "buildArch (b.src.rpm, x86_64)"),
        ("buildMaven", r#"["u", {"name": "mv"}]"#, "buildMaven (mv)"),
        ("buildMaven", r#"["u", "mv"]"#, "malformed task"),
        ("wrapperRPM", r#"["u", {"name": "t"}, null, null]"#, "wrapperRPM (t)"),
        (
            "wrapperRPM",
            r#"["u", {"name": "t"}, {"package_name": "p", "version": "1", "release": "2"}, null]"#,
            "wrapperRPM (t, p-1-2)",
        ),
        ("winbuild", r#"["vm", "git://h/a#r", "t", {}]"#, "winbuild (t, /a:r)"),
        ("winbuild", r#"["vm", "git://h/a#r", "t"]"#, "winbuild (noarch, unknown args)"),
        ("vmExec", r#"["vm", [], {}]"#, "vmExec (vm)"),
        ("buildNotification", r#"[[], {"name": "p", "version": "1"}, null, ""]"#, "buildNotification (p-1-None)"),
        ("newRepo", r#"[{"id": 1, "name": "f44-build"}, {"opts": {}, "__starstar": true}]"#, "newRepo (f44-build)"),
        ("newRepo", "[5]", "newRepo (5)"),
        ("newRepo", r#"[""]"#, "newRepo (noarch)"),
        ("distRepo", r#"["f44", 1, [], {}]"#, "distRepo (f44)"),
        ("createrepo", r#"[1, "x86_64", null]"#, "createrepo (x86_64)"),
        ("createdistrepo", r#"["f44", 1, "x86_64", [], {}]"#, "createdistrepo (1, x86_64)"),
        ("tagBuild", "[1, 2]", "tagBuild (noarch)"),
        ("dependantTask", r#"[[], [["build", []], ["tagBuild", [1], {}]]]"#, "dependantTask (build, tagBuild)"),
        ("dependantTask", "[[], []]", "dependantTask (noarch)"),
        ("chainbuild", r#"[[["a"]], "f44"]"#, "chainbuild (f44)"),
        ("chainmaven", r#"[{}, null]"#, "chainmaven (noarch)"),
        ("waitrepo", r#"["f44-build", null, ["a-1-1", "b-1-1"]]"#, "waitrepo (f44-build, a-1-1, b-1-1)"),
        ("waitrepo", r#"["f44-build"]"#, "waitrepo (f44-build)"),
        ("image", r#"["n", "1", ["x86_64", "it's"], "t", "tree"]"#, "image (['x86_64', \"it's\"], n-1, tree)"),
        ("livecd", r#"["n", "1", "i386", "t", "a.ks"]"#, "livecd (i386, n-1, a.ks)"),
        (
            "createLiveMedia",
            r#"["n", "1", "2", "x86_64", {"name": "t"}, 5, {}, "a.ks"]"#,
            "createLiveMedia (t, n-1-2, a.ks, x86_64)",
        ),
        ("indirectionimage", r#"[{"name": "n", "version": 1.5, "release": 2}]"#, "indirectionimage (n, 1.5, 2)"),
        ("restart", r#"[{"id": 1, "name": "h"}]"#, "restart (h)"),
        ("restartVerify", r#"[7, {"id": 1, "name": "h"}]"#, "restartVerify (h)"),
        ("sleep", "[5]", "sleep (noarch)"),
        ("fork", "[1, 2, 3]", "fork (noarch, unknown args)"),
        ("fooBar", "[1, 2, 3]", "fooBar (noarch)"),
        ("build", r#"[{"__method__": "build", "src": "a/b", "target": "t"}]"#, "build (t, b)"),
        ("newRepo", r#"[{"__method__": "newRepo"}]"#, "malformed task"),
    ];
    for (method, json, expected) in cases {
        assert_eq!(task_label(method, "noarch", &request(json)), expected, "{method} {json}");
    }
}
