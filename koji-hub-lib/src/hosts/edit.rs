//! Registering and changing hosts.

use koji_core::api::{HostRef, UserRef};
use koji_core::arch::ArchList;
use koji_core::ids::{HostId, UserId};
use koji_core::model::{Host, UserStatus, UserType};
use koji_core::xmlrpc::{Struct, Value};

use super::{find, get};
use crate::call::Call;
use crate::db::{Arg, args};
use crate::error::fail;
use crate::given::{read, take};
use crate::{Result, names, users};

/// The arches of a host to be: a list, or a text, of which Koji takes each character for an arch.
fn arches(given: Value) -> Result<String> {
    let names = match given {
        Value::String(text) => text.chars().map(String::from).collect(),
        list => read::<Vec<String>>("arches", list)?,
    };
    Ok(ArchList::parse_strict(&names.join(" "))?.to_string())
}

/// Registers a host in the channel `default`. Its user is made, or taken if it is a host's; with `force`, a person's
/// becomes a host's.
pub(crate) async fn add(
    cx: &mut Call<'_>,
    name: &str,
    arches_given: Value,
    krb_principal: Option<String>,
    force: bool,
) -> Result<HostId> {
    let config = cx.hub().config();
    names::check_internal(config, name)?;
    names::check_user(config, name)?;
    let arches = arches(arches_given)?;
    let db = cx.db().await?;
    if find(db, &name.into(), None).await?.is_some() {
        fail!("host already exists: {name}");
    }
    let Some((channel, _)) = names::find::<koji_core::ids::ChannelId>(db, &"default".into()).await? else {
        fail!("query returned no rows")
    };
    let user = user(cx, name, krb_principal, force).await?;
    let db = cx.db().await?;
    let sql = "INSERT INTO host (user_id, name) VALUES ($1, $2) RETURNING id";
    let id: HostId = db.fetch_scalar(sql, args![user, name]).await?;
    cx.insert_versioned("host_config", vec![("host_id", id.into()), ("arches", arches.into())]).await?;
    cx.insert_versioned("host_channels", vec![("host_id", id.into()), ("channel_id", channel.into())]).await?;
    Ok(id)
}

/// The user that a host logs in as.
async fn user(cx: &mut Call<'_>, name: &str, krb_principal: Option<String>, force: bool) -> Result<UserId> {
    let which = UserRef::Fields { id: None, name: Some(name.to_owned()), krb_principal: krb_principal.clone() };
    let db = cx.db().await?;
    let Some(user) = users::find(db, &which).await? else {
        return users::insert(db, name, UserStatus::Normal, UserType::Host, krb_principal.as_deref()).await;
    };
    match user.usertype {
        UserType::Host => {}
        UserType::Normal if force => {
            db.execute("UPDATE users SET usertype = $2 WHERE id = $1", args![user.id, UserType::Host]).await?;
        }
        _ => fail!("user {name} already exists and it is not a host"),
    }
    Ok(user.id)
}

async fn replace(cx: &mut Call<'_>, host: Host) -> Result<()> {
    cx.revoke("host_config", vec![("host_id", host.id.into())]).await?;
    let columns = vec![
        ("host_id", Arg::from(host.id)),
        ("arches", host.arches.into()),
        ("capacity", host.capacity.into()),
        ("description", host.description.into()),
        ("comment", host.comment.into()),
        ("enabled", host.enabled.into()),
    ];
    cx.insert_versioned("host_config", columns).await
}

/// Lets a host have tasks, or gives it no more.
pub(crate) async fn set_enabled(cx: &mut Call<'_>, which: &HostRef, enabled: bool) -> Result<()> {
    let Some(host) = find(cx.db().await?, which, None).await? else { fail!("host does not exist: {}", which.text()) };
    replace(cx, Host { enabled, ..host }).await
}

/// Changes a host's `arches`, `capacity`, `description` or `comment`. Says whether anything changed.
pub(crate) async fn edit(cx: &mut Call<'_>, which: &HostRef, mut changes: Struct) -> Result<bool> {
    let old = get(cx.db().await?, which, None).await?;
    let mut new = old.clone();
    for (name, slot) in
        [("arches", &mut new.arches), ("description", &mut new.description), ("comment", &mut new.comment)]
    {
        match changes.remove(name) {
            None => {}
            Some(Value::String(text)) => *slot = Some(text),
            Some(Value::Nil) if slot.is_none() => {}
            Some(other) => fail!(
                Parameter,
                "Invalid type for value '{}': <class '{}'>, expected type <class 'str'>",
                koji_core::python::str(&other),
                other.type_name()
            ),
        }
    }
    if let Some(capacity) = take(&mut changes, "capacity")? {
        new.capacity = capacity;
    }
    if new == old {
        return Ok(false);
    }
    replace(cx, new).await?;
    Ok(true)
}
