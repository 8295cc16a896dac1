use koji_core::api::UserRef;
use koji_core::api::query::Rows;
use koji_core::api::users::*;
use koji_core::ids::UserId;
use koji_core::model::{GroupMember, Permission, User, UserGroup, UserStatus, UserType};
use koji_core::xmlrpc::Struct;

use crate::call::Call;
use crate::error::fail;
use crate::registry::{Handle, Registry};
use crate::{Result, names, users};

pub(super) fn register(r: &mut Registry) {
    r.add::<GetUser>()
        .add::<ListUsers>()
        .add::<CreateUser>()
        .add::<EditUser>()
        .add::<EnableUser>()
        .add::<DisableUser>()
        .add::<AddUserKrbPrincipal>()
        .add::<RemoveUserKrbPrincipal>()
        .add::<GetUserPerms>()
        .add::<GetUserPermsInheritance>()
        .add::<GetAllPerms>()
        .add::<GrantPermission>()
        .add::<RevokePermission>()
        .add::<EditPermission>()
        .add::<NewGroup>()
        .add::<AddGroupMember>()
        .add::<DropGroupMember>()
        .add::<GetGroupMembers>()
        .add::<GetUserGroups>();
}

impl Handle for GetUser {
    async fn handle(self, cx: &mut Call<'_>) -> Result<Option<User>> {
        let which = self.user_info.unwrap_or(UserRef::Me);
        let Some(mut user) = users::find_for(cx, &which).await? else {
            if self.strict {
                fail!("No such user: {which}");
            }
            return Ok(None);
        };
        let db = cx.db().await?;
        if self.krb_princs {
            user.krb_principals = Some(users::principals(db, user.id).await?);
        }
        if self.groups {
            user.groups = Some(users::groups(db, user.id).await?.into_iter().map(|group| group.name).collect());
        }
        Ok(Some(user))
    }
}

impl Handle for ListUsers {
    async fn handle(self, cx: &mut Call<'_>) -> Result<Rows<User>> {
        if self.inherited_perm && self.perm.is_none() {
            fail!("inherited_perm option must be used with perm option");
        }
        if self.query_opts.as_ref().is_some_and(|opts| opts.group.as_deref().is_some_and(|group| !group.is_empty())) {
            fail!("queryOpts.group is not available for this API");
        }
        let db = cx.db().await?;
        let perm = match &self.perm {
            Some(perm) => Some(names::get(db, perm).await?.0),
            None => None,
        };
        let filter = users::Filter {
            types: self.user_type.map(|types| types.0),
            prefix: self.prefix,
            perm,
            perm_of_groups: self.inherited_perm,
        };
        users::list(db, filter, self.query_opts.as_ref()).await
    }
}

impl Handle for CreateUser {
    async fn handle(self, cx: &mut Call<'_>) -> Result<UserId> {
        users::create(cx, &self.username.0, UserType::Normal, self.status, self.krb_principal.as_deref()).await
    }
}

impl Handle for EditUser {
    async fn handle(self, cx: &mut Call<'_>) -> Result<()> {
        let mappings = self.krb_principal_mappings.unwrap_or_default();
        users::edit(cx, &self.user_info, self.name.as_ref().map(|name| name.0.as_str()), &mappings).await
    }
}

impl Handle for EnableUser {
    async fn handle(self, cx: &mut Call<'_>) -> Result<()> {
        users::set_status(cx, &self.username, UserStatus::Normal).await
    }
}

impl Handle for DisableUser {
    async fn handle(self, cx: &mut Call<'_>) -> Result<()> {
        users::set_status(cx, &self.username, UserStatus::Blocked).await
    }
}

impl Handle for AddUserKrbPrincipal {
    async fn handle(self, cx: &mut Call<'_>) -> Result<UserId> {
        users::add_principal(cx, &self.user, &self.krb_principal).await
    }
}

impl Handle for RemoveUserKrbPrincipal {
    async fn handle(self, cx: &mut Call<'_>) -> Result<UserId> {
        users::remove_principal(cx, &self.user, &self.krb_principal).await
    }
}

impl Handle for GetUserPerms {
    async fn handle(self, cx: &mut Call<'_>) -> Result<Vec<String>> {
        let user = users::get_for(cx, &self.user_id.unwrap_or(UserRef::Me)).await?.id;
        users::permissions(cx.db().await?, user, self.with_groups).await
    }
}

impl Handle for GetUserPermsInheritance {
    async fn handle(self, cx: &mut Call<'_>) -> Result<Struct> {
        let user = users::get_for(cx, &self.user_id).await?.id;
        users::permission_sources(cx.db().await?, user).await
    }
}

impl Handle for GetAllPerms {
    async fn handle(self, cx: &mut Call<'_>) -> Result<Vec<Permission>> {
        users::all_permissions(cx.db().await?).await
    }
}

impl Handle for GrantPermission {
    async fn handle(self, cx: &mut Call<'_>) -> Result<()> {
        if self.create {
            return users::grant_new(cx, &self.userinfo, &self.permission, self.description.as_deref()).await;
        }
        if self.description.is_some() {
            fail!("Description should be specified only with create.");
        }
        users::grant(cx, &self.userinfo, &self.permission).await
    }
}

impl Handle for RevokePermission {
    async fn handle(self, cx: &mut Call<'_>) -> Result<()> {
        users::revoke(cx, &self.userinfo, &self.permission).await
    }
}

impl Handle for EditPermission {
    async fn handle(self, cx: &mut Call<'_>) -> Result<()> {
        users::describe(cx.db().await?, &self.permission, &self.description).await
    }
}

impl Handle for NewGroup {
    async fn handle(self, cx: &mut Call<'_>) -> Result<UserId> {
        users::make_group(cx, &self.name.0).await
    }
}

impl Handle for AddGroupMember {
    async fn handle(self, cx: &mut Call<'_>) -> Result<()> {
        users::add_member(cx, &self.group, &self.user, self.strict).await
    }
}

impl Handle for DropGroupMember {
    async fn handle(self, cx: &mut Call<'_>) -> Result<()> {
        users::drop_member(cx, &self.group, &self.user).await
    }
}

impl Handle for GetGroupMembers {
    async fn handle(self, cx: &mut Call<'_>) -> Result<Vec<GroupMember>> {
        users::members(cx, &self.group).await
    }
}

impl Handle for GetUserGroups {
    async fn handle(self, cx: &mut Call<'_>) -> Result<Vec<UserGroup>> {
        let user = users::get_for(cx, &self.user).await?.id;
        users::groups(cx.db().await?, user).await
    }
}
