use koji_core::api::system::*;
use koji_core::api::{ParamInfo, ParamKind};
use koji_core::fault::{Fault, FaultKind};
use koji_core::python;
use koji_core::xmlrpc::{Struct, Value};

use crate::Result;
use crate::call::Call;
use crate::error::fail;
use crate::registry::{Entry, Handle, Registry};

/// The version of Koji whose API this is.
pub const KOJI_VERSION: &str = "1.35.3";

pub(super) fn register(r: &mut Registry) {
    r.add::<Hello>()
        .add::<Echo>()
        .add::<FaultTest>()
        .add::<ErrorTest>()
        .add::<GetKojiVersion>()
        .add::<GetApiVersion>()
        .add::<MavenEnabled>()
        .add::<WinEnabled>()
        .add::<ShowOpts>()
        .add::<ListApi>()
        .add::<ListMethods>()
        .add::<MethodSignature>()
        .add::<MethodHelp>();
}

impl Handle for Hello {
    async fn handle(self, _: &mut Call<'_>) -> Result<String> {
        Ok("Hello World".into())
    }
}

impl Handle for Echo {
    async fn handle(self, _: &mut Call<'_>) -> Result<Vec<Value>> {
        Ok(self.args.0)
    }
}

impl Handle for FaultTest {
    async fn handle(self, _: &mut Call<'_>) -> Result<()> {
        Err(Fault::new(FaultKind::Unknown, "<class 'Exception'>: test exception").into())
    }
}

impl Handle for ErrorTest {
    async fn handle(self, _: &mut Call<'_>) -> Result<()> {
        fail!("test error")
    }
}

impl Handle for GetKojiVersion {
    async fn handle(self, _: &mut Call<'_>) -> Result<String> {
        Ok(KOJI_VERSION.into())
    }
}

impl Handle for GetApiVersion {
    async fn handle(self, _: &mut Call<'_>) -> Result<i32> {
        Ok(1)
    }
}

impl Handle for MavenEnabled {
    async fn handle(self, cx: &mut Call<'_>) -> Result<bool> {
        Ok(cx.hub().config().enable_maven)
    }
}

impl Handle for WinEnabled {
    async fn handle(self, cx: &mut Call<'_>) -> Result<bool> {
        Ok(cx.hub().config().enable_win)
    }
}

impl Handle for ShowOpts {
    async fn handle(self, cx: &mut Call<'_>) -> Result<Value> {
        let c = cx.hub().config();
        let seconds = |d: std::time::Duration| Value::Int(i64::try_from(d.as_secs()).unwrap_or(i64::MAX));
        let opts: Struct = [
            ("KojiDir", Value::from(c.koji_dir.to_string_lossy().into_owned())),
            ("KojiWebURL", c.web_url.as_str().into()),
            ("CheckClientIP", c.check_client_ip.into()),
            ("DisableURLSessions", c.disable_url_sessions.into()),
            ("LoginCreatesUser", c.login_creates_user.into()),
            ("LockOut", c.lock_out.into()),
            ("EnableMaven", c.enable_maven.into()),
            ("EnableWin", c.enable_win.into()),
            ("MissingPolicyOk", c.missing_policy_ok.into()),
            ("VerbosePolicy", c.verbose_policy.into()),
            ("AllowNewRepo", c.allow_new_repo.into()),
            ("MaxJobs", c.max_jobs.into()),
            ("AssignTimeout", seconds(c.assign_timeout)),
            ("HostTimeout", seconds(c.host_timeout)),
            ("ReadyTimeout", seconds(c.ready_timeout)),
            ("SoftRefusalTimeout", seconds(c.soft_refusal_timeout)),
            ("MaxRepoTasks", c.max_repo_tasks.into()),
            ("RepoLag", seconds(c.repo_lag)),
        ]
        .into_iter()
        .collect();
        Ok(if self.as_string { python::repr(&opts.into()).into() } else { opts.into() })
    }
}

/// The parameters as Python's signature shows them.
fn signature(params: &[ParamInfo]) -> String {
    let shown: Vec<String> = params
        .iter()
        .map(|p| match (p.kind, &p.default) {
            (ParamKind::VarArgs, _) => format!("*{}", p.name),
            (ParamKind::KwArgs, _) => format!("**{}", p.name),
            (ParamKind::One, None) => p.name.to_owned(),
            (ParamKind::One, Some(v)) => format!("{}={}", p.name, python::repr(v)),
        })
        .collect();
    format!("({})", shown.join(", "))
}

fn doc(entry: &Entry) -> String {
    entry.info.doc.lines().map(str::trim).collect::<Vec<_>>().join("\n")
}

fn describe(entry: &Entry) -> Struct {
    let params = (entry.params)();
    let plain = || params.iter().filter(|p| p.kind == ParamKind::One);
    let star = |kind| params.iter().find(|p| p.kind == kind).map(|p| p.name);
    let defaults: Vec<Value> = plain().filter_map(|p| p.default.clone()).collect();
    let args: Vec<Value> = params
        .iter()
        .map(|p| match (p.kind, &p.default) {
            (ParamKind::One, Some(v)) => Value::Array(vec![p.name.into(), v.clone()]),
            _ => p.name.into(),
        })
        .collect();
    let argspec = vec![
        Value::Array(plain().map(|p| p.name.into()).collect()),
        star(ParamKind::VarArgs).into(),
        star(ParamKind::KwArgs).into(),
        if defaults.is_empty() { Value::Nil } else { Value::Array(defaults) },
        Value::Array(Vec::new()),
        Value::Nil,
        Struct::new().into(),
    ];
    [
        ("name", Value::from(entry.info.name)),
        ("doc", doc(entry).into()),
        ("argspec", argspec.into()),
        ("argdesc", signature(&params).into()),
        ("args", args.into()),
    ]
    .into_iter()
    .collect()
}

impl Handle for ListApi {
    async fn handle(self, cx: &mut Call<'_>) -> Result<Vec<Struct>> {
        Ok(cx.hub().registry().iter().map(describe).collect())
    }
}

impl Handle for ListMethods {
    async fn handle(self, cx: &mut Call<'_>) -> Result<Vec<String>> {
        Ok(cx.hub().registry().iter().map(|e| e.info.name.to_owned()).collect())
    }
}

impl Handle for MethodSignature {
    async fn handle(self, _: &mut Call<'_>) -> Result<String> {
        Ok("signatures not supported".into())
    }
}

impl Handle for MethodHelp {
    async fn handle(self, cx: &mut Call<'_>) -> Result<String> {
        let Some(entry) = cx.hub().registry().get(&self.method) else { return Ok(String::new()) };
        Ok(format!("{}{}\ndescription: {}", entry.info.name, signature(&(entry.params)()), doc(entry)))
    }
}
