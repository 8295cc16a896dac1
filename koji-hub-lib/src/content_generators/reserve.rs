//! Builds that are reserved for an import to come.

use koji_core::ids::{BuildId, CgId};
use koji_core::json::JsonText;
use koji_core::model::{Build, BuildState, Reservation};
use koji_core::nvr::Nvr;
use koji_core::time::Timestamp;
use koji_core::xmlrpc::{Struct, Value};

use crate::builds::{self, NewBuild};
use crate::call::Call;
use crate::db::{Conn, args, sql};
use crate::error::fail;
use crate::given::{read, take};
use crate::plugin::{self, BuildChange};
use crate::{Error, Result};

/// Reserves a build: it is in the making until it is imported with the token, or given up.
pub(crate) async fn reserve(cx: &mut Call<'_>, cg: CgId, mut data: Struct) -> Result<Reservation> {
    let asked = data.clone();
    let mut part = |name: &str| match data.remove(name) {
        Some(value) if value.is_truthy() => read::<String>(name, value),
        _ => fail!("No {name} value for build"),
    };
    let nvr = Nvr::new(part("name")?, part("version")?, part("release")?);
    nvr.check()?;
    let epoch = take::<Option<i32>>(&mut data, "epoch")?.flatten();
    let new = NewBuild {
        draft: data.get("draft").is_some_and(Value::is_truthy),
        state: BuildState::Building,
        completion_time: None,
        cg_id: Some(cg),
        source: take::<Option<String>>(&mut data, "source")?.flatten(),
        task_id: take::<Option<_>>(&mut data, "task_id")?.flatten(),
        extra: match data.remove("extra") {
            None | Some(Value::Nil) => None,
            Some(extra) => Some(json(&extra)?),
        },
        asked,
        ..NewBuild::complete(nvr, epoch, cx.user_id()?)
    };
    let build_id = builds::make(cx, new).await?;
    if token(cx.db().await?, build_id).await?.is_some() {
        fail!("Build is already reserved");
    }
    let token: String = rand::random::<[u8; 32]>().iter().map(|byte| format!("{byte:02x}")).collect();
    cx.db()
        .await?
        .execute(
            "INSERT INTO build_reservations (build_id, token, created) VALUES ($1, $2, $3)",
            args![build_id, token.as_str(), Timestamp::now()],
        )
        .await?;
    Ok(Reservation { build_id, token })
}

/// A value as it is stored.
pub(super) fn json(value: &Value) -> Result<JsonText> {
    match serde_json::to_value(value) {
        Ok(value) => Ok(JsonText(value)),
        Err(e) => fail!("extra cannot be stored: {e}"),
    }
}

/// The state in which a reserved build may end; any other is a fault.
pub(crate) fn end_state(code: i32) -> Result<BuildState> {
    BuildState::from_code(code)
        .filter(|state| matches!(state, BuildState::Failed | BuildState::Canceled))
        .ok_or_else(|| Error::generic("Only FAILED/CANCELED build states are allowed"))
}

/// Gives a reserved build up.
pub(crate) async fn refund(
    cx: &mut Call<'_>,
    cg: CgId,
    build: BuildId,
    given: Option<&str>,
    state: BuildState,
) -> Result<()> {
    let db = cx.db().await?;
    let found = locked(db, build).await?;
    if found.state != BuildState::Building {
        fail!("Build ID {build} is not in BUILDING state");
    }
    check(db, &found, cg, given).await?;
    let change = BuildChange::State { old: Some(found.state), new: state };
    plugin::before_build(cx, build, &change).await?;
    let db = cx.db().await?;
    let sql = "UPDATE build SET state = $2, completion_time = $3 WHERE id = $1";
    db.execute(sql, args![build, state, Timestamp::now()]).await?;
    clear(db, build).await?;
    plugin::after_build(cx, build, change).await
}

/// The build, which nobody else changes until the call ends.
pub(super) async fn locked(db: &mut Conn, build: BuildId) -> Result<Build> {
    let lock = sql!("SELECT id FROM build WHERE id = $1", {for update});
    db.fetch_scalar_optional::<BuildId>(lock, args![build]).await?;
    builds::get_by_id(db, build).await
}

/// A fault unless the build is reserved by the content generator with that token.
pub(super) async fn check(db: &mut Conn, build: &Build, cg: CgId, given: Option<&str>) -> Result<()> {
    let token = token(db, build.id).await?;
    if token.is_none() || token.as_deref() != given {
        fail!("Token doesn't match build ID {}", build.id);
    }
    if build.cg_id != Some(cg) {
        fail!("Build ID {} is not reserved by this CG", build.id);
    }
    Ok(())
}

/// The build is reserved no more.
pub(super) async fn clear(db: &mut Conn, build: BuildId) -> Result<()> {
    db.execute("DELETE FROM build_reservations WHERE build_id = $1", args![build]).await?;
    Ok(())
}

async fn token(db: &mut Conn, build: BuildId) -> Result<Option<String>> {
    let sql = "SELECT token FROM build_reservations WHERE build_id = $1";
    Ok(db.fetch_scalar_optional::<Option<String>>(sql, args![build]).await?.flatten())
}
