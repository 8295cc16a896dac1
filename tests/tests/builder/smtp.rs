//! A mail server that keeps what it gets.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// What the server got, and what it takes.
#[derive(Clone, Default)]
pub struct MailServer(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    mails: Vec<Mail>,
    /// A name and its password, without which nothing is taken; in base64, as `AUTH PLAIN` has them.
    login: Option<String>,
    /// Recipients that are not known.
    unknown: Vec<String>,
}

/// A mail as it came.
#[derive(Debug, Clone)]
pub struct Mail {
    /// Who sent it.
    pub from: String,
    /// Who gets it.
    pub to: Vec<String>,
    /// Its text, header and all, with its line breaks.
    pub text: String,
}

impl Mail {
    /// The values of a header field, in their order.
    pub fn header(&self, name: &str) -> Vec<&str> {
        let (head, _) = self.text.split_once("\r\n\r\n").unwrap();
        head.split("\r\n").filter_map(|line| line.strip_prefix(name)?.strip_prefix(": ")).collect()
    }

    /// The lines of its body.
    pub fn lines(&self) -> Vec<&str> {
        let (_, body) = self.text.split_once("\r\n\r\n").unwrap();
        body.strip_suffix("\r\n").unwrap().split("\r\n").collect()
    }
}

impl MailServer {
    /// Serves on an address, which may leave the port open: where it is.
    pub async fn serve(&self, address: &str) -> String {
        let listener = TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let server = self.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let server = server.clone();
                tokio::spawn(async move { server.talk(stream).await });
            }
        });
        address
    }

    /// Takes nothing without this name and password.
    pub fn require_login(&self, base64: &str) {
        self.0.lock().unwrap().login = Some(base64.to_owned());
    }

    /// Refuses a recipient from now on.
    pub fn forget(&self, recipient: &str) {
        self.0.lock().unwrap().unknown.push(recipient.to_owned());
    }

    /// What came since the last time.
    pub fn take(&self) -> Vec<Mail> {
        std::mem::take(&mut self.0.lock().unwrap().mails)
    }

    async fn talk(&self, stream: TcpStream) -> std::io::Result<()> {
        let mut stream = BufReader::new(stream);
        let (mut from, mut to, mut logged_in) = (None, Vec::new(), false);
        stream.write_all(b"220 mail.example.com\r\n").await?;
        loop {
            let mut line = String::new();
            if stream.read_line(&mut line).await? == 0 {
                return Ok(());
            }
            let Some(line) = line.strip_suffix("\r\n") else {
                stream.write_all(b"500 bare line feed\r\n").await?;
                continue;
            };
            let address = |before: &str| {
                Some(line.strip_prefix(before)?.strip_suffix('>')?.to_owned()).filter(|text| text.contains('@'))
            };
            let login = self.0.lock().unwrap().login.clone();
            let answer = if line.starts_with("EHLO [") {
                match login {
                    Some(_) => "250-mail.example.com\r\n250-8BITMIME\r\n250 AUTH LOGIN PLAIN",
                    None => "250-mail.example.com\r\n250 8BITMIME",
                }
            } else if let Some(words) = line.strip_prefix("AUTH PLAIN ") {
                logged_in = login.as_deref() == Some(words);
                if logged_in { "235 come in" } else { "535 wrong name or password" }
            } else if login.is_some() && !logged_in {
                "530 log in first"
            } else if line.starts_with("MAIL") {
                from = address("MAIL FROM:<");
                if from.is_some() { "250 fine" } else { "501 no address" }
            } else if line.starts_with("RCPT") {
                match address("RCPT TO:<") {
                    _ if from.is_none() => "503 from whom?",
                    None => "501 no address",
                    Some(unknown) if self.0.lock().unwrap().unknown.contains(&unknown) => "550 nobody of that name",
                    Some(known) => {
                        to.push(known);
                        "250 fine"
                    }
                }
            } else if line == "DATA" && !to.is_empty() {
                stream.write_all(b"354 go on\r\n").await?;
                let text = text(&mut stream).await?;
                let mail = Mail { from: from.take().unwrap(), to: std::mem::take(&mut to), text };
                self.0.lock().unwrap().mails.push(mail);
                "250 taken"
            } else if line == "QUIT" {
                return stream.write_all(b"221 good bye\r\n").await;
            } else {
                "503 not now"
            };
            stream.write_all(format!("{answer}\r\n").as_bytes()).await?;
        }
    }
}

/// A mail's text, up to the lone dot.
async fn text(stream: &mut BufReader<TcpStream>) -> std::io::Result<String> {
    let mut text = String::new();
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        assert!(line.ends_with("\r\n"), "{line:?}");
        if line == ".\r\n" {
            return Ok(text);
        }
        text.push_str(line.strip_prefix('.').unwrap_or(&line));
    }
}
