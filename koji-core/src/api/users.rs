//! Users, groups of users, permissions.

use super::method::methods;
use super::query::Rows;
use super::{NewName, OneOrMany, PermissionRef, QueryOpts, UserRef};
use crate::ids::UserId;
use crate::model::{GroupMember, Permission, User, UserGroup};
use crate::xmlrpc::Struct;

methods! {
    /// Looks up a user; without an argument, the session's.
    [Anyone, Read] "getUser" => GetUser(user_info "userInfo": Option<UserRef> = None, strict: bool = false, krb_princs: bool = true, groups: bool = false) -> Option<User>;
    /// Lists users.
    [Anyone, Read] "listUsers" => ListUsers(user_type "userType": Option<OneOrMany<i32>> = Some(0.into()), prefix: Option<String> = None, query_opts "queryOpts": Option<QueryOpts> = None, perm: Option<PermissionRef> = None, inherited_perm: bool = false) -> Rows<User>;
    /// Makes a user.
    [Permission("admin"), Write] "createUser" => CreateUser(username: NewName, status: Option<i32> = None, krb_principal: Option<String> = None) -> UserId;
    /// Renames a user or changes its principals (`[{old, new}]`).
    [Permission("admin"), Write] "editUser" => EditUser(user_info "userInfo": UserRef, name: Option<NewName> = None, krb_principal_mappings: Option<Vec<Struct>> = None) -> ();
    /// Lets a user log in.
    [Permission("admin"), Write] "enableUser" => EnableUser(username: UserRef) -> ();
    /// Keeps a user from logging in.
    [Permission("admin"), Write] "disableUser" => DisableUser(username: UserRef) -> ();
    /// Gives a user a Kerberos principal.
    [Permission("admin"), Write] "addUserKrbPrincipal" => AddUserKrbPrincipal(user: UserRef, krb_principal: String) -> UserId;
    /// Takes a Kerberos principal from a user.
    [Permission("admin"), Write] "removeUserKrbPrincipal" => RemoveUserKrbPrincipal(user: UserRef, krb_principal: String) -> UserId;
    /// The permissions of a user; without an argument, of the session's.
    [Anyone, Read] "getUserPerms" => GetUserPerms(user_id "userID": Option<UserRef> = None, with_groups: bool = true) -> Vec<String>;
    /// Where a user's permissions come from: for each a list of groups, nil for the user itself.
    [Anyone, Read] "getUserPermsInheritance" => GetUserPermsInheritance(user_id "userID": UserRef) -> Struct;
    /// All permissions.
    [Anyone, Read] "getAllPerms" => GetAllPerms() -> Vec<Permission>;
    /// Gives a user or a group a permission.
    [Permission("admin"), Write] "grantPermission" => GrantPermission(userinfo: UserRef, permission: PermissionRef, create: bool = false, description: Option<String> = None) -> ();
    /// Takes a permission from a user or a group.
    [Permission("admin"), Write] "revokePermission" => RevokePermission(userinfo: UserRef, permission: PermissionRef) -> ();
    /// Changes a permission's description.
    [Permission("admin"), Write] "editPermission" => EditPermission(permission: PermissionRef, description: String) -> ();
    /// Makes a group of users.
    [Permission("admin"), Write] "newGroup" => NewGroup(name: NewName) -> UserId;
    /// Puts a user in a group.
    [Permission("admin"), Write] "addGroupMember" => AddGroupMember(group: UserRef, user: UserRef, strict: bool = true) -> ();
    /// Takes a user out of a group.
    [Permission("admin"), Write] "dropGroupMember" => DropGroupMember(group: UserRef, user: UserRef) -> ();
    /// The users in a group.
    [Anyone, Read] "getGroupMembers" => GetGroupMembers(group: UserRef) -> Vec<GroupMember>;
    /// The groups a user is in.
    [Anyone, Read] "getUserGroups" => GetUserGroups(user: UserRef) -> Vec<UserGroup>;
}
