//! A client that does nothing but send and receive, so that what it measures is the hub.

use std::io;
use std::net::SocketAddr;

use koji_core::ids::SessionId;
use koji_core::model::SessionKeys;
use koji_core::xmlrpc::{read_response, write_call};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A connection that stays open from request to request.
pub struct Connection {
    stream: TcpStream,
    answer: Vec<u8>,
}

impl Connection {
    /// Connects.
    ///
    /// # Errors
    /// When nobody listens.
    pub async fn open(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Connection { stream, answer: vec![0; 64 << 10] })
    }

    /// Sends a request, and waits for its whole answer: the body.
    ///
    /// # Errors
    /// When the connection ends, or the answer is not `200`.
    pub async fn post(&mut self, path: &str, headers: &str, body: &[u8]) -> io::Result<&[u8]> {
        let head = format!("POST {path} HTTP/1.1\r\nHost: hub\r\n{headers}Content-Length: {}\r\n\r\n", body.len());
        let mut request = Vec::with_capacity(head.len() + body.len());
        request.extend_from_slice(head.as_bytes());
        request.extend_from_slice(body);
        self.stream.write_all(&request).await?;
        let mut have = 0;
        let begin = loop {
            have += self.more(have).await?;
            if let Some(head) = self.answer[..have].windows(4).position(|w| w == b"\r\n\r\n") {
                break head + 4;
            }
        };
        let head = String::from_utf8_lossy(&self.answer[..begin]).to_ascii_lowercase();
        if !head.starts_with("http/1.1 200") {
            return Err(io::Error::other(head));
        }
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse::<usize>().ok());
        let is_whole = |answer: &[u8]| match length {
            Some(length) => answer.len() >= begin + length,
            None => answer.ends_with(b"\r\n0\r\n\r\n"),
        };
        while !is_whole(&self.answer[..have]) {
            have += self.more(have).await?;
        }
        Ok(&self.answer[begin..have])
    }

    async fn more(&mut self, have: usize) -> io::Result<usize> {
        if have == self.answer.len() {
            self.answer.resize(2 * have, 0);
        }
        match self.stream.read(&mut self.answer[have..]).await? {
            0 => Err(io::Error::other("the connection was closed")),
            n => Ok(n),
        }
    }

    /// Sends a call, and waits for its answer, which must be no fault: its size in bytes.
    ///
    /// # Errors
    /// As [`post`](Self::post), and for a fault.
    pub async fn call(&mut self, headers: &str, body: &str) -> io::Result<usize> {
        let headers = format!("Content-Type: text/xml\r\n{headers}");
        let answer = self.post("/kojihub", &headers, body.as_bytes()).await?;
        let start = &answer[..answer.len().min(200)];
        match start.windows(7).any(|w| w == b"<fault>") {
            true => Err(io::Error::other(String::from_utf8_lossy(answer).into_owned())),
            false => Ok(answer.len()),
        }
    }

    /// Logs in: the session's id and key.
    ///
    /// # Errors
    /// As [`call`](Self::call).
    pub async fn login(&mut self, user: &str, password: &str) -> io::Result<(SessionId, String)> {
        let body = write_call("login", &[user.into(), password.into()]).map_err(io::Error::other)?;
        let answer = self.post("/kojihub", "Content-Type: text/xml\r\n", body.as_bytes()).await?;
        match read_response::<SessionKeys>(answer).map_err(io::Error::other)? {
            Ok(keys) => Ok((keys.session_id, keys.session_key)),
            Err(fault) => Err(io::Error::other(fault.message)),
        }
    }
}

/// The headers of a call in a session.
pub fn session_headers(session: &(SessionId, String), callnum: u64) -> String {
    let (id, key) = session;
    format!("Koji-Session-Id: {id}\r\nKoji-Session-Key: {key}\r\nKoji-Session-Callnum: {callnum}\r\n")
}
