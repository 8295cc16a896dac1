//! `koji hello` in any language, and `koji version`.

use koji_client::Error;
use koji_core::api::sessions::GetLoggedInUser;
use koji_core::api::system::GetKojiVersion;
use koji_core::model::AuthType;
use rand::seq::IndexedRandom;

use crate::context::Context;
use crate::exit::{Outcome, Stop};
use crate::say;

/// Ways to say hello. Each of them is a command.
const GREETINGS: &[&str] = &[
    "hello",
    "hi",
    "yo",
    "what's up",
    "g'day",
    "back to work",
    "bonjour",
    "hallo",
    "ciao",
    "hola",
    "olá",
    "dobrý den",
    "zdravstvuite",
    "góðan daginn",
    "hej",
    "tervehdys",
    "grüezi",
    "céad míle fáilte",
    "hylô",
    "bună ziua",
    "jó napot",
    "dobre dan",
    "你好",
    "こんにちは",
    "नमस्कार",
    "안녕하세요",
];

/// Whether the word is a greeting.
pub fn is_greeting(word: &str) -> bool {
    let word = word.to_lowercase();
    GREETINGS.contains(&word.as_str())
}

/// `koji moshimoshi`
pub async fn hello(cx: Context, args: Vec<String>) -> Outcome {
    let (o, args) = cx.parser("moshimoshi [options]").parse(args)?;
    if !args.is_empty() {
        return Err(o.error("This command takes no arguments"));
    }
    cx.activate().await?;
    let user = cx.session.call(GetLoggedInUser::new()).await?;
    if user.is_none() {
        say!("Not authenticated");
    }
    let name = user.as_ref().map_or("anonymous user", |user| user.user.name.as_str());
    let greeting = GREETINGS.choose(&mut rand::rng()).copied().unwrap_or("hello");
    say!("{greeting}, {name}!\n");
    say!("You are using the hub at {} (Koji {})", cx.profile.server, hub_version(&cx).await?);
    match user.and_then(|user| user.authtype) {
        Some(AuthType::Normal) => say!("Authenticated via password"),
        Some(AuthType::Gssapi) => say!("Authenticated via GSSAPI"),
        Some(AuthType::Kerberos) => say!("Authenticated via Kerberos principal"),
        Some(AuthType::Ssl) => {
            let cert = cx.profile.cert.as_deref().unwrap_or_else(|| "".as_ref());
            say!("Authenticated via client certificate {}", cert.display());
        }
        None => {}
    }
    Ok(0)
}

/// The hub's version; hubs before 1.23 do not say it.
async fn hub_version(cx: &Context) -> Result<String, Stop> {
    if let Some(version) = cx.session.hub_version() {
        return Ok(version);
    }
    match cx.session.call(GetKojiVersion::new()).await {
        Err(error) if error.is_unknown_method() => Ok("1.22.0".to_owned()),
        other => Ok(other?),
    }
}

/// `koji version`
pub async fn version(cx: Context, _args: Vec<String>) -> Outcome {
    say!("Client: {}", env!("CARGO_PKG_VERSION"));
    cx.connect().await?;
    match cx.session.call(GetKojiVersion::new()).await {
        Ok(version) => say!("Hub:    {version}"),
        Err(Error::Fault(_)) => say!("Hub:    Can't determine (older than 1.23)"),
        Err(error) => return Err(error.into()),
    }
    Ok(0)
}
