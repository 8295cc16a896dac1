//! The options before the command, and the profile that they choose and change.

use std::path::{Path, PathBuf};

use koji_core::config::Profile;

use crate::commands;
use crate::exit::Stop;
use crate::optparse::{Opt, Parsed, Parser};

/// What the global options say, and what is behind them.
pub struct Globals {
    /// The settings, after the options.
    pub profile: Profile,
    /// `--runas`: the user to act for.
    pub runas: Option<String>,
    /// `--noauth`: do not log in.
    pub noauth: bool,
    /// `--quiet`: leave headers out.
    pub quiet: bool,
    /// The command and its arguments; none for a list of commands.
    pub command: Vec<String>,
}

struct Texts {
    config: Opt<Option<String>>,
    profile: Opt<Option<String>>,
    keytab: Opt<Option<String>>,
    principal: Opt<Option<String>>,
    cert: Opt<Option<String>>,
    runas: Opt<Option<String>>,
    user: Opt<Option<String>>,
    password: Opt<Option<String>>,
    authtype: Opt<Option<String>>,
    server: Opt<Option<String>>,
    topdir: Opt<Option<String>>,
    weburl: Opt<Option<String>>,
    topurl: Opt<Option<String>>,
    pkgurl: Opt<Option<String>>,
    plugin_paths: Opt<Option<String>>,
}

struct Flags {
    noauth: Opt<bool>,
    force_auth: Opt<bool>,
    debug: Opt<bool>,
    debug_xmlrpc: Opt<bool>,
    quiet: Opt<bool>,
    help_commands: Opt<bool>,
}

/// Reads the command line up to the command, and the profile.
pub fn read(program: &str, args: impl IntoIterator<Item = String>) -> Result<Globals, Stop> {
    let usage = "%prog [global-options] command [command-options-and-arguments]\n\n\
                 Common commands: build, download-build, help, latest-build, list-targets, search";
    let mut p = Parser::new(program, usage).stop_at_argument().epilog(commands::epilog(program));
    let (texts, flags) = declare(&mut p, program);
    let (o, mut command) = p.parse(args)?;
    if o.get(flags.help_commands) {
        command.clear();
    }
    let name = o.get(texts.profile).unwrap_or_else(|| program.to_owned());
    let config = o.get(texts.config).map(PathBuf::from);
    let mut profile = Profile::load(&name, config.as_deref()).map_err(|e| o.error(e))?;
    adjust(&mut profile, &o, &texts, &flags)?;
    Ok(Globals { profile, runas: o.get(texts.runas), noauth: o.get(flags.noauth), quiet: o.get(flags.quiet), command })
}

fn declare(p: &mut Parser, program: &str) -> (Texts, Flags) {
    let profile = p.text(&["-p", "--profile"], "", &format!("specify a configuration profile. default: {program}"));
    let config = p.text(&["-c", "--config"], "FILE", "load profile's settings from another file. Use with --profile.");
    let keytab = p.text(&["--keytab"], "FILE", "specify a Kerberos keytab to use");
    let principal = p.text(&["--principal"], "", "specify a Kerberos principal to use");
    let cert = p.text(&["--cert"], "FILE", "specify a SSL cert to use");
    let runas = p.text(&["--runas"], "", "run as the specified user (requires special privileges)");
    let user = p.text(&["--user"], "", "specify user");
    let password = p.text(&["--password"], "", "specify password");
    let noauth = p.flag(&["--noauth"], "do not authenticate");
    let force_auth = p.flag(&["--force-auth"], "authenticate even for read-only operations");
    let authtype = p.text(
        &["--authtype"],
        "",
        "force use of a type of authentication, options: noauth, ssl, password, or kerberos",
    );
    let debug = p.flag(&["-d", "--debug"], "show debug output");
    let debug_xmlrpc = p.flag(&["--debug-xmlrpc"], "show xmlrpc debug output");
    let quiet = p.flag(&["-q", "--quiet"], "run quietly");
    // Koji's own programs run all the same
    p.flag(&["--skip-main"], "don't actually run main");
    let server = p.text(&["-s", "--server"], "", "url of XMLRPC server");
    let topdir = p.text(&["--topdir"], "", "specify topdir");
    let weburl = p.text(&["--weburl"], "", "url of the Koji web interface");
    let topurl = p.text(&["--topurl"], "", "url for Koji file access");
    let pkgurl = p.text(&["--pkgurl"], "", "");
    p.hidden();
    let plugin_paths = p.text(&["--plugin-paths"], "PATHS", "specify additional plugin paths (colon separated)");
    let help_commands = p.flag(&["--help-commands"], "list commands");
    let texts = Texts {
        config,
        profile,
        keytab,
        principal,
        cert,
        runas,
        user,
        password,
        authtype,
        server,
        topdir,
        weburl,
        topurl,
        pkgurl,
        plugin_paths,
    };
    (texts, Flags { noauth, force_auth, debug, debug_xmlrpc, quiet, help_commands })
}

/// The options over the profile's settings.
fn adjust(profile: &mut Profile, o: &Parsed, texts: &Texts, flags: &Flags) -> Result<(), Stop> {
    let set = |to: &mut Option<String>, opt: Opt<Option<String>>| *to = o.get(opt).or(to.take());
    set(&mut profile.keytab, texts.keytab);
    set(&mut profile.principal, texts.principal);
    set(&mut profile.user, texts.user);
    profile.password = o.get(texts.password).map(Into::into).or(profile.password.take());
    set(&mut profile.topurl, texts.topurl);
    set(&mut profile.pkgurl, texts.pkgurl);
    set(&mut profile.plugin_paths, texts.plugin_paths);
    let replace = |to: &mut String, opt: Opt<Option<String>>| {
        if let Some(value) = o.get(opt) {
            *to = value;
        }
    };
    replace(&mut profile.server, texts.server);
    replace(&mut profile.weburl, texts.weburl);
    if let Some(topdir) = o.get(texts.topdir) {
        profile.topdir = expand_user(&topdir);
    }
    if let Some(cert) = o.get(texts.cert) {
        profile.cert = Some(expand_user(&cert));
    }
    if let Some(authtype) = o.get(texts.authtype) {
        profile.authtype = Some(authtype.parse().map_err(|problem: String| o.error(problem))?);
    }
    profile.force_auth |= o.get(flags.force_auth);
    profile.debug |= o.get(flags.debug);
    profile.debug_xmlrpc |= o.get(flags.debug_xmlrpc);
    obsolete_pkgurl(profile);
    Ok(())
}

fn obsolete_pkgurl(profile: &mut Profile) {
    let Some(pkgurl) = &profile.pkgurl else { return };
    let trimmed = pkgurl.strip_suffix('/').unwrap_or(pkgurl);
    match trimmed.strip_suffix("/packages") {
        _ if profile.topurl.is_some() => crate::warn!("Warning: the pkgurl option is obsolete"),
        Some(topurl) => {
            crate::warn!("Warning: the pkgurl option is obsolete, using topurl='{topurl}'");
            profile.topurl = Some(topurl.to_owned());
        }
        None => crate::warn!("Warning: The pkgurl option is obsolete, please use topurl instead"),
    }
}

fn expand_user(path: &str) -> PathBuf {
    match (path.strip_prefix("~/"), std::env::home_dir()) {
        (Some(rest), Some(home)) => home.join(rest),
        _ => Path::new(path).to_owned(),
    }
}
