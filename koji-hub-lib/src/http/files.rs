use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::header::{
    ACCEPT_RANGES, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, IF_NONE_MATCH, IF_RANGE, LAST_MODIFIED, LOCATION,
    RANGE,
};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{Html, IntoResponse, Response};
use futures_util::stream;

use crate::Hub;
use crate::storage::{Metadata, StorageError};

/// How much of a file is read at a time.
const PIECE: u64 = 256 << 10;

/// The directories that are served: whatever else is at the top of the storage, a database perhaps, is not for everyone.
const SERVED: [&str; 6] = ["packages", "repos", "repos-dist", "scratch", "vol", "work"];

/// The top of the storage.
pub(super) async fn top() -> Response {
    let listed = SERVED.map(|d| format!("{d}/"));
    index("/kojifiles/", &listed).into_response()
}

/// Whether a path is for everyone: in a directory that is served, by way of a repo's link to the top too, and not what
/// uploads say of their owners.
fn is_served(path: &str) -> bool {
    let from_top = path.rsplit_once("/toplink/").map_or(path, |(_, rest)| rest);
    let top = from_top.split('/').next().unwrap_or_default();
    SERVED.contains(&top) && !from_top.ends_with("/toplink") && !from_top.split('/').any(|part| part == ".user")
}

/// A file of the storage, whole or in part, or the list of a directory.
pub(super) async fn handle(
    State(hub): State<Hub>,
    Path(path): Path<String>,
    method: Method,
    headers: HeaderMap,
) -> Response {
    if method != Method::GET && method != Method::HEAD {
        return StatusCode::METHOD_NOT_ALLOWED.into_response();
    }
    let trimmed = path.trim_end_matches('/').to_owned();
    if !is_served(&trimmed) {
        return StatusCode::NOT_FOUND.into_response();
    }
    match hub.storage().metadata(&trimmed).await {
        Ok(Some(meta)) if meta.is_dir && !path.ends_with('/') => {
            (StatusCode::MOVED_PERMANENTLY, [(LOCATION, format!("/kojifiles/{}/", link(&trimmed)))]).into_response()
        }
        Ok(Some(meta)) if meta.is_dir => directory(&hub, &trimmed).await,
        Ok(Some(meta)) => file(hub, trimmed, meta, &headers),
        Ok(None) => StatusCode::NOT_FOUND.into_response(),
        Err(e) => failed(&e),
    }
}

fn failed(e: &StorageError) -> Response {
    match e {
        StorageError::NotFound { .. } | StorageError::BadPath { .. } => StatusCode::NOT_FOUND.into_response(),
        other => {
            tracing::error!(error = %other, "cannot serve a file");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

async fn directory(hub: &Hub, path: &str) -> Response {
    let names = match hub.storage().list(path).await {
        Ok(names) => names,
        Err(e) => return failed(&e),
    };
    let mut listed = Vec::with_capacity(names.len());
    for name in names.into_iter().filter(|n| !n.starts_with('.')) {
        match hub.storage().metadata(&format!("{path}/{name}")).await {
            Ok(Some(m)) if m.is_dir => listed.push(format!("{name}/")),
            Ok(Some(_)) => listed.push(name),
            _ => {}
        }
    }
    index(&format!("/kojifiles/{path}/"), &listed).into_response()
}

/// A path as it stands in a URL.
fn link(path: &str) -> String {
    path.replace('%', "%25").replace('#', "%23").replace('?', "%3F")
}

fn index(place: &str, names: &[String]) -> Html<String> {
    let escape = |s: &str| s.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;");
    let items: String =
        names.iter().map(|n| format!("<li><a href=\"{}\">{}</a></li>\n", escape(&link(n)), escape(n))).collect();
    let place = escape(place);
    Html(format!(
        "<!DOCTYPE html>\n<html><head><title>Index of {place}</title></head>\n<body><h1>Index of {place}</h1>\n\
         <ul><li><a href=\"../\">../</a></li>\n{items}</ul>\n</body></html>\n"
    ))
}

fn content_type(path: &str) -> &'static str {
    match path.rsplit('.').next().unwrap_or("") {
        "rpm" => "application/x-redhat-package-manager",
        "log" | "txt" | "cfg" | "spec" => "text/plain; charset=utf-8",
        "json" => "application/json",
        "xml" => "text/xml",
        "html" => "text/html; charset=utf-8",
        "gz" => "application/gzip",
        _ => "application/octet-stream",
    }
}

fn file(hub: Hub, path: String, meta: Metadata, headers: &HeaderMap) -> Response {
    let etag = format!("\"{:x}-{:x}\"", meta.modified.as_micros(), meta.size);
    let text = |name| headers.get(name).and_then(|v: &axum::http::HeaderValue| v.to_str().ok());
    if text(IF_NONE_MATCH).is_some_and(|v| v == "*" || v.split(',').any(|e| e.trim() == etag)) {
        return (StatusCode::NOT_MODIFIED, [(ETAG, etag)]).into_response();
    }
    let wanted = text(RANGE).filter(|_| text(IF_RANGE).is_none_or(|v| v == etag));
    let (status, start, end) = match wanted.map(|r| range(r, meta.size)) {
        None | Some(Wanted::All) => (StatusCode::OK, 0, meta.size),
        Some(Wanted::Part(start, end)) => (StatusCode::PARTIAL_CONTENT, start, end),
        Some(Wanted::Nothing) => {
            let size = format!("bytes */{}", meta.size);
            return (StatusCode::RANGE_NOT_SATISFIABLE, [(CONTENT_RANGE, size)]).into_response();
        }
    };
    let kind = content_type(&path);
    let pieces = stream::try_unfold((hub, path, start), move |(hub, path, at)| async move {
        if at >= end {
            return Ok::<_, StorageError>(None);
        }
        let data = hub.storage().read(&path, at, PIECE.min(end - at)).await?;
        if data.is_empty() {
            return Ok(None);
        }
        let next = at + data.len() as u64;
        Ok(Some((data, (hub, path, next))))
    });
    let mut response = (
        status,
        [
            (CONTENT_TYPE, kind.to_owned()),
            (CONTENT_LENGTH, (end - start).to_string()),
            (ACCEPT_RANGES, "bytes".to_owned()),
            (LAST_MODIFIED, http_date(meta.modified.as_secs_f64())),
            (ETAG, etag),
        ],
        Body::from_stream(pieces),
    )
        .into_response();
    if status == StatusCode::PARTIAL_CONTENT
        && let Ok(value) = format!("bytes {start}-{}/{}", end - 1, meta.size).parse()
    {
        response.headers_mut().insert(CONTENT_RANGE, value);
    }
    response
}

enum Wanted {
    All,
    Part(u64, u64),
    Nothing,
}

/// What a `Range` header asks for. Of several ranges, as of what is no range, all is sent.
fn range(header: &str, size: u64) -> Wanted {
    let Some(spec) = header.strip_prefix("bytes=").filter(|s| !s.contains(',')) else { return Wanted::All };
    let Some((from, to)) = spec.split_once('-') else { return Wanted::All };
    let (start, end) = match (from.trim().parse::<u64>(), to.trim().parse::<u64>()) {
        (Ok(from), Ok(to)) if from <= to => (from, to.saturating_add(1).min(size)),
        (Ok(from), Err(_)) if to.trim().is_empty() => (from, size),
        (Err(_), Ok(last)) if from.trim().is_empty() => (size.saturating_sub(last), size),
        _ => return Wanted::All,
    };
    if start < end { Wanted::Part(start, end) } else { Wanted::Nothing }
}

fn http_date(seconds: f64) -> String {
    // whole seconds are all that the header can tell
    jiff::Timestamp::from_second(seconds as i64)
        .map(|t| t.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_known_is_served() {
        for path in ["packages", "work/tasks/1/1/build.log", "repos/f44/1/x86_64/toplink/packages/bash", "vol/a/work/x"]
        {
            assert!(is_served(path), "{path}");
        }
        for path in
            ["", "koji.db", "work/cli/.user", "repos/f44/1/x86_64/toplink/koji.db", "repos/f44/1/x86_64/toplink"]
        {
            assert!(!is_served(path), "{path}");
        }
        assert!(!is_served("repos/f44/1/x86_64/toplink/packages/../toplink/koji.db"));
        assert!(!is_served("packages/toplink/vol/a/toplink/hub.conf"));
    }

    #[test]
    fn ranges_are_understood_as_http_has_them() {
        let part = |h, size| match range(h, size) {
            Wanted::Part(a, b) => Some((a, b)),
            _ => None,
        };
        assert_eq!(part("bytes=0-9", 100), Some((0, 10)));
        assert_eq!(part("bytes=90-", 100), Some((90, 100)));
        assert_eq!(part("bytes=-10", 100), Some((90, 100)));
        assert_eq!(part("bytes=90-500", 100), Some((90, 100)));
        assert!(matches!(range("bytes=100-", 100), Wanted::Nothing));
        assert!(matches!(range("bytes=0-1,3-4", 100), Wanted::All));
        assert!(matches!(range("lines=1-2", 100), Wanted::All));
        assert_eq!(http_date(0.0), "Thu, 01 Jan 1970 00:00:00 GMT");
    }
}
