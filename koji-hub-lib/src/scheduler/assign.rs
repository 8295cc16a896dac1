//! Giving free tasks to hosts that can take them, the least busy first.

use std::collections::{HashMap, HashSet};

use koji_core::ids::{ChannelId, HostId, TaskId};
use koji_core::json::Json;

use super::log;
use crate::Result;
use crate::call::Call;
use crate::db::args;
use crate::tasks::state;

/// How many free tasks are looked at in one run.
const MOST: i64 = 1000;

#[derive(sqlx::FromRow)]
struct Task {
    id: TaskId,
    channel_id: ChannelId,
    arch: String,
    weight: f64,
}

#[derive(sqlx::FromRow)]
struct HostRow {
    id: HostId,
    ready: bool,
    arches: Option<String>,
    capacity: f64,
    data: Option<Json>,
}

/// A host as it stands while tasks are given out.
struct Host {
    id: HostId,
    arches: HashSet<String>,
    channels: HashSet<ChannelId>,
    capacity: f64,
    max_tasks: i64,
    tasks: i64,
    load: f64,
    /// The host's share of the weight that waits for it, of all that waits.
    demand: f64,
}

impl Host {
    fn can_take(&self, task: &Task, overcommit: f64) -> bool {
        self.tasks < self.max_tasks && self.capacity - self.load > (task.weight - overcommit).max(0.0)
    }

    fn is_fit(&self, task: &Task) -> bool {
        self.channels.contains(&task.channel_id) && (task.arch == "noarch" || self.arches.contains(&task.arch))
    }

    fn rank(&self) -> f64 {
        self.load + self.tasks as f64 + self.demand
    }
}

/// Assigns what can be assigned.
pub(super) async fn free_tasks(cx: &mut Call<'_>) -> Result<()> {
    let tasks: Vec<Task> = cx
        .db()
        .await?
        .fetch_all(
            "SELECT id, channel_id, arch, weight FROM task WHERE state = 0
             ORDER BY priority, create_time, id LIMIT $1",
            args![MOST],
        )
        .await?;
    if tasks.is_empty() {
        return Ok(());
    }
    let mut hosts = ready_hosts(cx).await?;
    if hosts.is_empty() {
        return Ok(());
    }
    let refused: HashSet<(TaskId, HostId)> = cx
        .db()
        .await?
        .fetch_all::<(TaskId, HostId)>("SELECT task_id, host_id FROM scheduler_task_refusals", args![])
        .await?
        .into_iter()
        .collect();
    let overcommit = cx.hub().config().capacity_overcommit;
    let choices: Vec<Vec<usize>> = tasks
        .iter()
        .map(|task| {
            (0..hosts.len())
                .filter(|i| hosts[*i].is_fit(task) && !refused.contains(&(task.id, hosts[*i].id)))
                .filter(|i| hosts[*i].can_take(task, overcommit))
                .collect()
        })
        .collect();
    for (task, choice) in tasks.iter().zip(&choices) {
        for i in choice {
            hosts[*i].demand += task.weight / choice.len() as f64;
        }
    }
    let waiting: f64 = hosts.iter().map(|h| h.demand).sum();
    if waiting > 0.0 {
        for host in &mut hosts {
            host.demand /= waiting;
        }
    }
    for (task, choice) in tasks.iter().zip(choices) {
        let best = choice
            .into_iter()
            .filter(|i| hosts[*i].can_take(task, overcommit))
            .min_by(|a, b| hosts[*a].rank().total_cmp(&hosts[*b].rank()));
        if let Some(i) = best
            && assign(cx, task.id, hosts[i].id, false, false).await?
        {
            hosts[i].load += task.weight;
            hosts[i].tasks += 1;
        }
    }
    Ok(())
}

async fn ready_hosts(cx: &mut Call<'_>) -> Result<Vec<Host>> {
    let default_max = cx.hub().config().max_jobs;
    let db = cx.db().await?;
    let rows: Vec<HostRow> = db
        .fetch_all(
            "SELECT h.id, h.ready, c.arches, c.capacity, d.data
             FROM host h JOIN host_config c ON c.host_id = h.id AND c.active = TRUE
             LEFT JOIN scheduler_host_data d ON d.host_id = h.id
             WHERE c.enabled = TRUE ORDER BY h.id",
            args![],
        )
        .await?;
    let mut channels: HashMap<HostId, HashSet<ChannelId>> = HashMap::new();
    let pairs: Vec<(HostId, ChannelId)> = db
        .fetch_all(
            "SELECT hc.host_id, hc.channel_id FROM host_channels hc JOIN channels c ON c.id = hc.channel_id
             WHERE hc.active = TRUE AND c.enabled = TRUE",
            args![],
        )
        .await?;
    for (host, channel) in pairs {
        channels.entry(host).or_default().insert(channel);
    }
    let busy: Vec<(HostId, i64, f64)> = db
        .fetch_all(
            "SELECT host_id, COUNT(*), COALESCE(SUM(CASE WHEN waiting = TRUE THEN 0.0 ELSE weight END), 0.0)
             FROM task WHERE state IN (1, 4) AND host_id IS NOT NULL GROUP BY host_id",
            args![],
        )
        .await?;
    let busy: HashMap<HostId, (i64, f64)> = busy.into_iter().map(|(host, n, load)| (host, (n, load))).collect();
    Ok(rows
        .into_iter()
        .filter(|row| row.ready)
        .map(|row| {
            let (tasks, load) = busy.get(&row.id).copied().unwrap_or_default();
            let said = row.data.as_ref().and_then(|d| d.0.get("maxjobs")).and_then(serde_json::Value::as_i64);
            Host {
                id: row.id,
                arches: row.arches.unwrap_or_default().split_whitespace().map(str::to_owned).collect(),
                channels: channels.remove(&row.id).unwrap_or_default(),
                capacity: row.capacity,
                max_tasks: said.filter(|n| *n > 0).unwrap_or(default_max),
                tasks,
                load,
                demand: 0.0,
            }
        })
        .collect())
}

/// Gives a task to a host, and notes the run. An `over_ride` leaves no note, so that the scheduler lets it be.
pub(crate) async fn assign(
    cx: &mut Call<'_>,
    task: TaskId,
    host: HostId,
    force: bool,
    over_ride: bool,
) -> Result<bool> {
    if !state::assign(cx, task, host, force).await? {
        log(cx, Some(task), Some(host), "Assignment failed").await?;
        return Ok(false);
    }
    let text = if over_ride { "Assigning task (override)" } else { "Assigning task" };
    log(cx, Some(task), Some(host), text).await?;
    let db = cx.db().await?;
    db.execute("UPDATE scheduler_task_runs SET active = FALSE WHERE task_id = $1 AND active = TRUE", args![task])
        .await?;
    if !over_ride {
        db.execute("INSERT INTO scheduler_task_runs (task_id, host_id) VALUES ($1, $2)", args![task, host]).await?;
    }
    Ok(true)
}
