//! `add-host`, `add-host-to-channel`, `list-hosts`.

use koji_core::api::OneOrMany;
use koji_core::api::hosts::{AddHost, AddHostToChannel, GetChannel, GetHost, ListChannels, ListHosts};
use koji_core::model::{Channel, Host};
use koji_core::xmlrpc::Value;

use crate::context::Context;
use crate::exit::{Outcome, Stop};
use crate::output::{time, truncated};
use crate::say;

/// `koji add-host`
pub async fn add(cx: Context, args: Vec<String>) -> Outcome {
    let mut p = cx.parser("add-host [options] <hostname> <arch> [<arch> ...]");
    let principal = p.text(&["--krb-principal"], "", "set a non-default kerberos principal for the host");
    let force = p.flag(&["--force"], "if existing used is a regular user, convert it to a host");
    let (o, args) = p.parse(args)?;
    let (name, arches) = match args.as_slice() {
        [name, arches @ ..] if !arches.is_empty() => (name, arches),
        _ => return Err(o.error("Please specify a hostname and at least one arch")),
    };
    cx.activate().await?;
    if cx.session.call(GetHost::new(name.as_str())).await?.is_some() {
        return Err(Stop::error(format_args!("{name} is already in the database")));
    }
    let arches = Value::Array(arches.iter().map(|arch| arch.as_str().into()).collect());
    let mut host = AddHost::new(name.as_str(), arches).force(o.get(force));
    host.krb_principal = o.get(principal);
    let id = cx.session.call(host).await?;
    say!("{name} added: id {id}");
    Ok(0)
}

/// `koji add-host-to-channel`
pub async fn add_to_channel(cx: Context, args: Vec<String>) -> Outcome {
    let mut p = cx.parser("add-host-to-channel [options] <hostname> <channel>");
    let list = p.flag(&["--list"], "");
    p.hidden();
    let new = p.flag(&["--new"], "Create channel if needed");
    let force = p.flag(&["--force"], "force added, if possible");
    let (o, args) = p.parse(args)?;
    if o.get(list) {
        cx.activate().await?;
        for channel in cx.session.call(ListChannels::new()).await? {
            say!("{}", channel.name);
        }
        return Ok(0);
    }
    let [host, channel] = args.as_slice() else { return Err(o.error("Please specify a hostname and a channel")) };
    cx.activate().await?;
    if !o.get(new) && cx.session.call(GetChannel::new(channel.as_str())).await?.is_none() {
        return Err(Stop::error(format_args!("No such channel: {channel}")));
    }
    if cx.session.call(GetHost::new(host.as_str())).await?.is_none() {
        return Err(Stop::error(format_args!("No such host: {host}")));
    }
    let add = AddHostToChannel::new(host.as_str(), channel.as_str()).create(o.get(new)).force(o.get(force));
    cx.session.call(add).await?;
    Ok(0)
}

/// `koji list-hosts`
pub async fn list(cx: Context, args: Vec<String>) -> Outcome {
    let mut p = cx.parser("list-hosts [options]");
    let arch = p.list(&["--arch"], "", "Specify an architecture");
    let channel = p.text(&["--channel"], "", "Specify a channel");
    let ready = p.choice(&["--ready"], "Limit to ready hosts", &["--not-ready"], "Limit to not ready hosts");
    let enabled = p.choice(&["--enabled"], "Limit to enabled hosts", &["--not-enabled"], "Limit to not enabled hosts");
    p.also(enabled, &["--disabled"], false, "Alias for --not-enabled");
    let quiet = p.flag(&["--quiet"], "Do not print header information");
    let show_channels = p.flag(&["--show-channels"], "Show host's channels");
    let comment = p.flag(&["--comment"], "Show comments");
    let description = p.flag(&["--description"], "Show descriptions");
    let (o, _) = p.parse(args)?;
    cx.connect().await?;
    let mut list = ListHosts::new();
    list.arches = Some(OneOrMany(o.get(arch))).filter(|arches| !arches.0.is_empty());
    if let Some(name) = o.get(channel) {
        let channel = cx.session.call(GetChannel::new(name.as_str())).await?;
        list.channel_id = Some(channel.ok_or_else(|| o.error(format_args!("No such channel: {name}")))?.id.into());
    }
    list.ready = o.get(ready);
    list.enabled = o.get(enabled);
    let mut hosts = cx.session.call(list).await?.into_list();
    if hosts.is_empty() {
        crate::warn!("No hosts found.");
        return Ok(0);
    }
    hosts.sort_by(|a, b| a.name.cmp(&b.name));
    let channels = if o.get(show_channels) { Some(channels(&cx, &hosts).await?) } else { None };
    let columns = Columns { description: o.get(description), comment: o.get(comment), channels };
    for line in table(&hosts, &columns, !cx.quiet && !o.get(quiet)) {
        say!("{line}");
    }
    Ok(0)
}

/// The channels of each host.
async fn channels(cx: &Context, hosts: &[Host]) -> Result<Vec<String>, Stop> {
    let mut m = cx.session.multicall();
    let calls: Vec<_> = hosts.iter().map(|host| m.call(ListChannels::new().host_id(host.id))).collect();
    m.run().await?;
    let mut out = Vec::new();
    for call in calls {
        let mark = |channel: Channel| if channel.enabled { channel.name } else { format!("*{}", channel.name) };
        let mut names: Vec<_> = call.result()?.into_iter().map(mark).collect();
        names.sort();
        out.push(names.join(","));
    }
    Ok(out)
}

/// The columns that are shown if asked for.
struct Columns {
    description: bool,
    comment: bool,
    channels: Option<Vec<String>>,
}

fn table(hosts: &[Host], columns: &Columns, header: bool) -> Vec<String> {
    let width = hosts.iter().map(|host| host.name.chars().count()).max().unwrap_or_default();
    let mut lines = Vec::new();
    if header {
        let mut line = format!("{:<width$} Enb Rdy Load/Cap  Arches           {:<36}", "Hostname", "Last Update");
        for (shown, title) in [(columns.description, "Description"), (columns.comment, "Comment")] {
            if shown {
                line.push_str(&format!("{title:<51}"));
            }
        }
        if columns.channels.is_some() {
            line.push_str("Channels");
        }
        let rule = "-".repeat(line.chars().count());
        lines.extend([line, rule]);
    }
    let mark = |flag| if flag { "Y" } else { "N" };
    for (at, host) in hosts.iter().enumerate() {
        let arches: Vec<_> = host.arches.as_deref().unwrap_or_default().split_whitespace().collect();
        let mut line = format!(
            "{:<width$} {:<3} {:<3} {:4.1}/{:<4.1} {:<16} {:<35}",
            host.name,
            mark(host.enabled),
            mark(host.ready),
            host.task_load,
            host.capacity,
            arches.join(","),
            host.update_ts.map_or_else(|| "-".to_owned(), time::long)
        );
        for (shown, text) in [(columns.description, &host.description), (columns.comment, &host.comment)] {
            if shown {
                line.push_str(&format!(" {:<50}", truncated(text.as_deref())));
            }
        }
        if let Some(channels) = columns.channels.as_ref().and_then(|all| all.get(at)) {
            line.push(' ');
            line.push_str(channels);
        }
        lines.push(line);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_a_table() {
        let host: Host = serde_json::from_value(serde_json::json!({
            "id": 1, "user_id": 2, "name": "builder1", "update_ts": null, "ready": true, "task_load": 0.5,
            "arches": "x86_64 noarch", "capacity": 4.0, "description": "a\nb", "comment": null, "enabled": true
        }))
        .unwrap();
        let hosts = [host.clone(), Host { name: "builder3.example.com".to_owned(), ready: false, ..host }];
        let plain = Columns { description: false, comment: false, channels: None };
        let expected = [
            "Hostname             Enb Rdy Load/Cap  Arches           Last Update                         ",
            "--------------------------------------------------------------------------------------------",
            "builder1             Y   Y    0.5/4.0  x86_64,noarch    -                                  ",
            "builder3.example.com Y   N    0.5/4.0  x86_64,noarch    -                                  ",
        ];
        assert_eq!(table(&hosts, &plain, true), expected);
        let more =
            Columns { description: true, comment: false, channels: Some(vec!["a,*b".to_owned(), String::new()]) };
        let line = format!("{} {:<50} a,*b", expected[2], "a b");
        assert_eq!(table(&hosts, &more, false)[0], line);
    }
}
