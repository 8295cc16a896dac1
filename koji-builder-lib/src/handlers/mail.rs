//! Sending mail, over plain SMTP to a server that takes it.

use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

use crate::task::{TaskContext, TaskError};

const TIMEOUT: Duration = Duration::from_secs(60);

/// A mail. Header fields are pairs of name and value.
pub(super) struct Mail {
    pub(super) recipients: Vec<String>,
    pub(super) subject: String,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: String,
}

/// Sends a mail: what to say of it. Without a mail server nothing is sent.
pub(super) async fn send(mail: Mail, cx: &TaskContext) -> Result<String, TaskError> {
    let to = mail.recipients.join(", ");
    let Some(server) = &cx.config().smtphost else {
        return Ok(format!("no mail sent to {to}: smtphost is not set"));
    };
    let failed = |problem: String| TaskError::generic(format!("cannot send mail through {server}: {problem}"));
    let from = &cx.config().from_addr;
    let sent = tokio::time::timeout(TIMEOUT, deliver(server, from, &mail)).await;
    sent.map_err(|_| failed("it does not answer".to_owned()))?.map_err(|e| failed(e.to_string()))?;
    Ok(format!("sent mail to: {to}"))
}

async fn deliver(server: &str, from: &str, mail: &Mail) -> std::io::Result<()> {
    let address = if server.contains(':') { server.to_owned() } else { format!("{server}:25") };
    let mut stream = BufReader::new(TcpStream::connect(address).await?);
    answer(&mut stream, '2').await?;
    say(&mut stream, "EHLO koji", '2').await?;
    say(&mut stream, &format!("MAIL FROM:<{}>", bare_address(from)), '2').await?;
    for recipient in &mail.recipients {
        say(&mut stream, &format!("RCPT TO:<{}>", bare_address(recipient)), '2').await?;
    }
    say(&mut stream, "DATA", '3').await?;
    stream.write_all(message(from, mail).as_bytes()).await?;
    say(&mut stream, ".", '2').await?;
    say(&mut stream, "QUIT", '2').await
}

async fn say(stream: &mut BufReader<TcpStream>, line: &str, expected: char) -> std::io::Result<()> {
    stream.write_all(format!("{line}\r\n").as_bytes()).await?;
    answer(stream, expected).await
}

async fn answer(stream: &mut BufReader<TcpStream>, expected: char) -> std::io::Result<()> {
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        // more lines follow
        if line.as_bytes().get(3) == Some(&b'-') {
            continue;
        }
        return match line.starts_with(expected) {
            true => Ok(()),
            false => Err(std::io::Error::other(line.trim().to_owned())),
        };
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
        text.push_str(&format!("{dot}{line}\r\n"));
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
            body: "one\n.\ntwo".to_owned(),
        };
        let text = message("Koji <k@b>", &mail);
        assert!(text.contains("Subject: x  Bcc: y\r\n"));
        assert!(text.ends_with("\r\n\r\none\r\n..\r\ntwo\r\n"));
        assert_eq!(bare_address("Koji <k@b>"), "k@b");
        assert_eq!(bare_address(&mail.recipients[0]), "a@bDATA");
    }
}
