//! Making tasks.

use koji_core::api::{ChannelRef, UserRef};
use koji_core::arch;
use koji_core::ids::{ChannelId, HostId, TaskId, UserId};
use koji_core::model::TaskState;
use koji_core::xmlrpc::{Struct, Value, write_call};

use super::placement::{self, Channel};
use crate::Result;
use crate::call::Call;
use crate::db::args;
use crate::error::fail;
use crate::given::read;
use crate::plugin::{self, NewTaskInfo};
use crate::signals::Change;
use crate::{policy, scheduler};

/// The priority of a task that names none.
pub(crate) const DEFAULT_PRIORITY: i32 = 20;

/// A task to be made.
#[derive(Debug, Clone, Default)]
pub(crate) struct NewTask {
    pub method: String,
    pub params: Vec<Value>,
    pub parent: Option<TaskId>,
    pub label: Option<String>,
    pub owner: Option<UserId>,
    pub channel: Option<String>,
    pub arch: Option<String>,
    pub priority: Option<i32>,
    /// The host that is to do it, without asking the scheduler.
    pub assign: Option<HostId>,
    pub weight: Option<f64>,
}

#[derive(sqlx::FromRow)]
struct Parent {
    state: TaskState,
    owner: UserId,
    channel_id: ChannelId,
    priority: Option<i32>,
    arch: String,
}

impl NewTask {
    pub(crate) fn new(method: impl Into<String>, params: Vec<Value>) -> Self {
        NewTask { method: method.into(), params, ..NewTask::default() }
    }

    /// Takes the options that a caller gives by name.
    pub(crate) async fn options(mut self, cx: &mut Call<'_>, options: Struct) -> Result<Self> {
        for (name, value) in options {
            match name.as_str() {
                "parent" => self.parent = read(&name, value)?,
                "label" => self.label = read(&name, value)?,
                "channel" => {
                    self.channel = match read::<Option<ChannelRef>>(&name, value)? {
                        Some(ChannelRef::Name(name)) => Some(name),
                        Some(ChannelRef::Id(id)) => {
                            let name: Option<String> = cx
                                .db()
                                .await?
                                .fetch_scalar_optional("SELECT name FROM channels WHERE id = $1", args![id])
                                .await?;
                            if name.is_none() {
                                fail!("No such channel: {id}");
                            }
                            name
                        }
                        None => None,
                    }
                }
                "arch" => self.arch = read(&name, value)?,
                "priority" => self.priority = read(&name, value)?,
                "weight" => self.weight = read(&name, value)?,
                "owner" => {
                    self.owner = match read::<Option<UserRef>>(&name, value)? {
                        None => None,
                        Some(UserRef::Id(id)) => Some(id),
                        Some(UserRef::Name(name)) => {
                            let id = cx
                                .db()
                                .await?
                                .fetch_scalar_optional("SELECT id FROM users WHERE name = $1", args![name.as_str()])
                                .await?;
                            if id.is_none() {
                                fail!("No such user: '{name}'");
                            }
                            id
                        }
                        Some(other) => fail!("No such user: {other}"),
                    }
                }
                "assign" => {
                    self.assign = match value {
                        Value::String(host) => {
                            let id = cx
                                .db()
                                .await?
                                .fetch_scalar_optional("SELECT id FROM host WHERE name = $1", args![host.as_str()])
                                .await?;
                            if id.is_none() {
                                fail!("No such host: '{host}'");
                            }
                            id
                        }
                        other => read(&name, other)?,
                    }
                }
                // as Koji: what it does not know it passes over
                _ => {}
            }
        }
        Ok(self)
    }

    /// Makes it.
    pub(crate) async fn make(self, cx: &mut Call<'_>) -> Result<TaskId> {
        let parent: Option<Parent> = match self.parent {
            None => None,
            Some(id) => {
                let sql = "SELECT state, owner, channel_id, priority, arch FROM task WHERE id = $1";
                match cx.db().await?.fetch_optional::<Parent>(sql, args![id]).await? {
                    None => fail!("Invalid parent task: {id}"),
                    Some(parent) if parent.state != TaskState::Open => fail!("Parent task (id {id}) is not open"),
                    parent => parent,
                }
            }
        };
        let owner = match (self.owner, &parent, cx.session().filter(|s| s.usable)) {
            (Some(owner), ..) => owner,
            (None, Some(parent), _) => parent.owner,
            (None, None, Some(session)) => session.user_id,
            (None, None, None) => fail!("task must have an owner"),
        };
        let arch = match (&self.arch, &parent) {
            (Some(arch), _) => {
                if arch != arch::NOARCH && !arch::is_valid(arch) {
                    fail!("Architecture must be a string, not {arch:?}");
                }
                arch.clone()
            }
            (None, Some(parent)) => parent.arch.clone(),
            (None, None) => arch::NOARCH.into(),
        };
        let inherited = parent.as_ref().map(|p| p.priority.unwrap_or(DEFAULT_PRIORITY).saturating_sub(1));
        let priority = self.priority.or(inherited).unwrap_or(DEFAULT_PRIORITY);
        let label = self.label.as_ref().filter(|_| parent.is_some());

        let mut data: Struct = [
            ("method", Value::from(self.method.as_str())),
            ("arch", arch.as_str().into()),
            ("parent", self.parent.map(|t| t.0).into()),
            ("label", label.map(String::as_str).into()),
            ("owner", owner.0.into()),
            ("user_id", owner.0.into()),
        ]
        .into_iter()
        .collect();
        let requested = match &self.channel {
            None => None,
            Some(name) => {
                data.insert("req_channel", name.as_str());
                Some(enabled_channel(cx, name).await?)
            }
        };
        data.extend(policy::of_args(cx, &self.method, &self.params).await?);
        let channel = match placement::channel(cx, &data).await? {
            Channel::Named(name) => enabled_channel(cx, &name).await?,
            Channel::Requested => match requested {
                Some(id) => id,
                None => fail!("invalid channel policy"),
            },
            Channel::Parent => match &parent {
                Some(parent) => parent.channel_id,
                None => fail!("invalid channel policy"),
            },
        };
        let priority = placement::priority(cx, &data, priority).await?;
        let request = write_call(&self.method, &self.params)?;
        let state = if self.assign.is_some() { TaskState::Assigned } else { TaskState::Free };
        let info = || NewTaskInfo {
            id: None,
            method: self.method.clone(),
            request: request.clone(),
            state: TaskState::Free,
            owner,
            parent: self.parent,
            label: label.cloned(),
            channel_id: channel,
            arch: arch.clone(),
            priority,
            assign: self.assign,
        };
        let told = plugin::before_new_task(cx, info).await?;
        let id = cx
            .db()
            .await?
            .fetch_scalar(
                "INSERT INTO task (state, owner, method, request, priority, parent, label, channel_id, arch, host_id, weight)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) RETURNING id",
                args![
                    state,
                    owner,
                    self.method.as_str(),
                    request.as_str(),
                    priority,
                    self.parent,
                    label.map(String::as_str),
                    channel,
                    arch.as_str(),
                    self.assign,
                    self.weight.unwrap_or(1.0)
                ],
            )
            .await?;
        plugin::after_new_task(cx, told, id).await?;
        if arch == arch::NOARCH {
            scheduler::refuse_by_arch(cx, id, &self.method, &self.params, channel).await?;
        }
        cx.announce(Change::Tasks);
        Ok(id)
    }
}

async fn enabled_channel(cx: &mut Call<'_>, name: &str) -> Result<ChannelId> {
    let row: Option<(ChannelId, bool)> =
        cx.db().await?.fetch_optional("SELECT id, enabled FROM channels WHERE name = $1", args![name]).await?;
    match row {
        None => fail!("No such channel: {name}"),
        Some((_, false)) => fail!("Channel {name} is disabled."),
        Some((id, true)) => Ok(id),
    }
}
