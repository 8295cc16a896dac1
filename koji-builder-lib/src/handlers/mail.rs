//! Sending mail, over plain SMTP to a server that takes it.

use std::net::IpAddr;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

use crate::BuilderConfig;
use crate::task::{TaskContext, TaskError};

const TIMEOUT: Duration = Duration::from_secs(60);
const PORT: u16 = 25;
/// The longest answer that is read, in bytes.
const LONGEST: u64 = 64 * 1024;

/// A mail. Header fields are pairs of name and value.
pub(super) struct Mail {
    pub(super) recipients: Vec<String>,
    pub(super) subject: String,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: String,
}

/// Sends a mail about something: what to say of it. Without a mail server nothing is sent.
pub(super) async fn send(mail: Mail, about: &str, cx: &TaskContext) -> Result<String, TaskError> {
    let to = mail.recipients.join(", ");
    let Some(server) = &cx.config().smtphost else {
        return Ok(format!("no notification of {about} sent to {to}: smtphost is not set"));
    };
    let failed = |problem: String| TaskError::generic(format!("cannot send mail through {server}: {problem}"));
    let sent = tokio::time::timeout(TIMEOUT, deliver(server, cx.config(), &mail)).await;
    sent.map_err(|_| failed("it does not answer".to_owned()))?.map_err(|e| failed(e.to_string()))?;
    Ok(format!("sent notification of {about} to: {to}"))
}

async fn deliver(server: &str, config: &BuilderConfig, mail: &Mail) -> std::io::Result<()> {
    let mut smtp = Smtp::connect(server).await?;
    smtp.greet().await?;
    if let (Some(user), Some(password)) = (&config.smtp_user, &config.smtp_pass) {
        smtp.log_in(user, password).await?;
    }
    smtp.ask(&format!("MAIL FROM:<{}>", bare_address(&config.from_addr))).await?.with_code('2')?;
    // those whom the server knows get their mail, whoever else is named
    let (mut taken, mut refused) = (false, Vec::new());
    for recipient in &mail.recipients {
        match smtp.ask(&format!("RCPT TO:<{}>", bare_address(recipient))).await?.with_code('2') {
            Ok(_) => taken = true,
            Err(e) => refused.push(e.to_string()),
        }
    }
    if !taken {
        return Err(std::io::Error::other(refused.join("; ")));
    }
    for refusal in refused {
        tracing::warn!(refusal, "the mail server does not take a recipient");
    }
    smtp.ask("DATA").await?.with_code('3')?;
    smtp.stream.write_all(message(&config.from_addr, mail).as_bytes()).await?;
    smtp.ask(".").await?.with_code('2')?;
    // it is sent, however the server takes its leave
    if let Err(e) = smtp.stream.write_all(b"QUIT\r\n").await {
        tracing::debug!(error = %e, "the mail server hung up");
    }
    Ok(())
}

/// A connection to a mail server.
struct Smtp {
    stream: BufReader<TcpStream>,
    /// What the server says that it can do.
    offers: Vec<String>,
}

/// What the server answers: its lines, each with the code before it.
struct Answer(Vec<String>);

impl Answer {
    /// An error with the server's words, unless the code begins with that digit.
    fn with_code(self, digit: char) -> std::io::Result<Self> {
        match self.0.last() {
            Some(line) if line.starts_with(digit) => Ok(self),
            _ => Err(std::io::Error::other(self.0.join(" "))),
        }
    }
}

impl Smtp {
    async fn connect(server: &str) -> std::io::Result<Self> {
        // more colons are an address's own, unless it stands in brackets
        let port = server.split_once(':').filter(|(_, rest)| server.starts_with('[') || !rest.contains(':'));
        let stream = match port {
            Some(_) => TcpStream::connect(server).await?,
            None => TcpStream::connect((server, PORT)).await?,
        };
        Ok(Smtp { stream: BufReader::new(stream), offers: Vec::new() })
    }

    async fn greet(&mut self) -> std::io::Result<()> {
        self.answer().await?.with_code('2')?;
        // many servers take no bare name, but each takes an address
        let me = match self.stream.get_ref().local_addr()?.ip() {
            IpAddr::V4(ip) => format!("[{ip}]"),
            IpAddr::V6(ip) => format!("[IPv6:{ip}]"),
        };
        match self.ask(&format!("EHLO {me}")).await?.with_code('2') {
            Ok(Answer(lines)) => {
                let offers = lines.iter().filter_map(|line| line.get(4..));
                self.offers = offers.map(|offer| offer.trim().to_uppercase()).collect();
            }
            Err(_) => drop(self.ask(&format!("HELO {me}")).await?.with_code('2')?),
        }
        Ok(())
    }

    async fn log_in(&mut self, user: &str, password: &str) -> std::io::Result<()> {
        let offered = |way: &str| {
            self.offers.iter().any(|offer| {
                let mut words = offer.split([' ', '=']);
                words.next() == Some("AUTH") && words.any(|word| word == way)
            })
        };
        if offered("PLAIN") {
            let words = STANDARD.encode(format!("\0{user}\0{password}"));
            self.ask(&format!("AUTH PLAIN {words}")).await?.with_code('2')?;
        } else if offered("LOGIN") {
            self.ask("AUTH LOGIN").await?.with_code('3')?;
            self.ask(&STANDARD.encode(user)).await?.with_code('3')?;
            self.ask(&STANDARD.encode(password)).await?.with_code('2')?;
        } else {
            return Err(std::io::Error::other("it offers neither AUTH PLAIN nor AUTH LOGIN"));
        }
        Ok(())
    }

    async fn ask(&mut self, line: &str) -> std::io::Result<Answer> {
        self.stream.write_all(format!("{line}\r\n").as_bytes()).await?;
        self.answer().await
    }

    async fn answer(&mut self) -> std::io::Result<Answer> {
        let mut lines = Vec::new();
        let mut stream = (&mut self.stream).take(LONGEST);
        loop {
            let mut line = String::new();
            if stream.read_line(&mut line).await? == 0 {
                return Err(std::io::ErrorKind::UnexpectedEof.into());
            }
            // more lines follow
            let last = line.as_bytes().get(3) != Some(&b'-');
            lines.push(line.trim().to_owned());
            if last {
                return Ok(Answer(lines));
            }
        }
    }
}

fn message(from: &str, mail: &Mail) -> String {
    let mut text = String::new();
    let fixed = [("From", from.to_owned()), ("Subject", mail.subject.clone()), ("To", mail.recipients.join(", "))];
    for (name, value) in fixed.iter().chain(&mail.headers) {
        // a line break would begin another field
        text.push_str(&format!("{name}: {}\r\n", value.replace(['\r', '\n'], " ")));
    }
    text.push_str("Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n");
    for line in mail.body.lines() {
        // a lone dot ends the mail
        let dot = if line.starts_with('.') { "." } else { "" };
        text.push_str(&format!("{dot}{}\r\n", line.replace('\r', " ")));
    }
    text
}

/// The address in `Name <address>`, without what could end the command.
fn bare_address(address: &str) -> String {
    let inner = address.rsplit_once('<').map_or(address, |(_, rest)| rest.split('>').next().unwrap_or_default());
    inner.chars().filter(|c| !c.is_control() && !c.is_whitespace() && !matches!(c, '<' | '>')).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_mail_can_be_a_command() {
        let mail = Mail {
            recipients: vec!["a@b>\r\nDATA".to_owned()],
            subject: "x\r\nBcc: y".to_owned(),
            headers: vec![("X-Koji-Tag", "t".to_owned())],
            body: "one\n.\ntwo\n\r.\r\n".to_owned(),
        };
        let text = message("Koji <k@b>", &mail);
        assert!(text.contains("Subject: x  Bcc: y\r\n"));
        assert!(text.ends_with("\r\n\r\none\r\n..\r\ntwo\r\n .\r\n"), "{text:?}");
        assert_eq!(bare_address("Koji <k@b>"), "k@b");
        assert_eq!(bare_address(&mail.recipients[0]), "a@bDATA");
    }
}
