//! The builder's git sources over http, served as git's own web server program does it.

use std::path::PathBuf;
use std::process::Stdio;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Method, Uri};
use axum::response::Response;
use koji_builder_lib::TaskError;
use koji_builder_lib::scm::{AllowedScms, Checkout, Git, Scm, ScmUrl};
use koji_tests::packages::git;
use tempfile::TempDir;
use tokio::io::AsyncWriteExt;

/// `git http-backend`, a CGI program, for repositories below a folder.
async fn backend(State(root): State<PathBuf>, method: Method, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let mut child = tokio::process::Command::new("git")
        .arg("http-backend")
        .env("GIT_PROJECT_ROOT", root)
        .env("GIT_HTTP_EXPORT_ALL", "1")
        .env("GIT_PROTOCOL", header("git-protocol"))
        .env("REQUEST_METHOD", method.as_str())
        .env("PATH_INFO", uri.path())
        .env("QUERY_STRING", uri.query().unwrap_or_default())
        .env("CONTENT_TYPE", header("content-type"))
        .env("HTTP_CONTENT_ENCODING", header("content-encoding"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(&body).await.unwrap();
    let output = child.wait_with_output().await.unwrap().stdout;
    let end = output.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
    let (head, body) = output.split_at(end + 4);
    let mut response = Response::builder();
    for (name, value) in std::str::from_utf8(head).unwrap().lines().filter_map(|line| line.split_once(": ")) {
        response = match name {
            "Status" => response.status(&value[..3]),
            _ => response.header(name, value),
        };
    }
    response.body(Body::from(body.to_vec())).unwrap()
}

/// A bare repository with two commits on `main`, served over http.
struct Served {
    folder: TempDir,
    host: String,
    commits: [String; 2],
}

impl Served {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let work = folder.path().join("work");
        std::fs::create_dir(&work).unwrap();
        git(&work, &["init"]);
        let commits = ["1", "2"].map(|content| {
            std::fs::write(work.join("hello.spec"), content).unwrap();
            git(&work, &["add", "."]);
            git(&work, &["commit", "-m", content]);
            git(&work, &["rev-parse", "HEAD"])
        });
        git(folder.path(), &["clone", "--bare", "work", "rpms/hello.git"]);
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let host = listener.local_addr().unwrap().to_string();
        let router = Router::new().fallback(backend).with_state(folder.path().to_owned());
        tokio::spawn(async { axum::serve(listener, router).await });
        Served { folder, host, commits }
    }

    /// Checks a source out as the builder does, if it may be built: what is under `rpms` may.
    async fn checkout(&self, source: &str) -> Result<Checkout, TaskError> {
        let url = ScmUrl::parse(&format!("git+http://{}{source}", self.host), false)?;
        let permission = AllowedScms::parse("127.0.0.1*:/rpms/*:no:").check(&url)?;
        let into = tempfile::tempdir_in(self.folder.path()).unwrap().keep();
        Git::default().checkout(&url, permission.use_common, &into, &into.join("checkout.log")).await
    }
}

#[tokio::test]
async fn commits_and_branches_are_checked_out_over_http() {
    let served = Served::new().await;
    let [first, second] = &served.commits;
    for (revision, content, commit) in [(first.as_str(), "1", first), ("main", "2", second)] {
        let found = served.checkout(&format!("/rpms/hello.git#{revision}")).await.unwrap();
        assert_eq!(std::fs::read_to_string(found.directory.join("hello.spec")).unwrap(), content);
        assert_eq!(found.source, format!("git+http://{}/rpms/hello.git#{commit}", served.host));
    }
}

#[tokio::test]
async fn what_may_not_be_built_is_refused() {
    let served = Served::new().await;
    let error = served.checkout("/work/.git#main").await.unwrap_err();
    assert_eq!(error.to_string(), format!("{}:/work/.git is not in the list of allowed SCMs", served.host));
}

#[tokio::test]
async fn a_missing_commit_or_repository_is_said() {
    let served = Served::new().await;
    let nowhere = "0123456789012345678901234567890123456789";
    let error = served.checkout(&format!("/rpms/hello.git#{nowhere}")).await.unwrap_err().to_string();
    assert!(error.ends_with(&format!("git reset --hard {nowhere} --\", see checkout.log for details")), "{error}");
    let error = served.checkout("/rpms/other.git#main").await.unwrap_err().to_string();
    assert!(error.contains("git clone") && error.ends_with("see checkout.log for details"), "{error}");
}
