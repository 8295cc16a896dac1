//! `add-user`, `grant-permission`.

use koji_core::api::users::{CreateUser, GetUser, GrantPermission};
use koji_core::model::UserStatus;

use crate::context::Context;
use crate::exit::Outcome;
use crate::say;

/// `koji add-user`
pub async fn add(cx: Context, args: Vec<String>) -> Outcome {
    let mut p = cx.parser("add-user <username> [options]");
    let principal = p.text(&["--principal"], "", "The Kerberos principal for this user");
    let disable = p.flag(&["--disable"], "Prohibit logins by this user");
    let (o, args) = p.parse(args)?;
    let name = match args.as_slice() {
        [] => return Err(o.error("You must specify the username of the user to add")),
        [name] => name,
        _ => return Err(o.error("This command only accepts one argument (username)")),
    };
    cx.activate().await?;
    let status = if o.get(disable) { UserStatus::Blocked } else { UserStatus::Normal };
    let mut user = CreateUser::new(name.as_str()).status(status.code());
    user.krb_principal = o.get(principal);
    let id = cx.session.call(user).await?;
    say!("Added user {name} ({id})");
    Ok(0)
}

/// `koji grant-permission`
pub async fn grant_permission(cx: Context, args: Vec<String>) -> Outcome {
    let mut p = cx.parser("grant-permission [options] <permission> <user> [<user> ...]");
    let new = p.flag(&["--new"], "Create this permission if the permission does not exist");
    let description = p.text(&["--description"], "", "Add description about new permission");
    let (o, args) = p.parse(args)?;
    let (permission, names) = match args.as_slice() {
        [permission, names @ ..] if !names.is_empty() => (permission, names),
        _ => return Err(o.error("Please specify a permission and at least one user")),
    };
    cx.activate().await?;
    let mut users = Vec::new();
    for name in names {
        let user = cx.session.call(GetUser::new().user_info(name.as_str())).await?;
        users.push(user.ok_or_else(|| o.error(format_args!("No such user: {name}")))?);
    }
    let description = o.get(description).filter(|text| !text.is_empty());
    if description.is_some() && !o.get(new) {
        return Err(o.error("Option new must be specified with option description."));
    }
    for user in users {
        let mut grant = GrantPermission::new(user.name, permission.as_str()).create(o.get(new));
        grant.description = description.clone();
        cx.session.call(grant).await?;
    }
    Ok(0)
}
