//! Embeds the client: one typed call, then 500 calls in one request.
//!
//! `embed_client http://127.0.0.1:8080/kojihub`

use anyhow::Context;
use koji_client::Session;
use koji_core::api::events::GetLastEvent;
use koji_core::api::tags::{GetTag, ListTags};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let url = std::env::args().nth(1).context("usage: embed_client HUB_URL")?;
    let session = Session::new(url)?;

    let tags = session.call(ListTags::new()).await?.into_list();
    println!("{} tags; the hub has seen {:?}", tags.len(), session.call(GetLastEvent::new()).await?.map(|e| e.id));

    // Each call gives a promise of its own result, with its own type. They are sent together when the batch is run.
    let mut batch = session.multicall();
    let promised: Vec<_> = (1..=500).map(|id| batch.call(GetTag::new(koji_core::ids::TagId(id)))).collect();
    batch.run().await?;
    let mut found = 0;
    for tag in promised {
        if let Some(tag) = tag.result()? {
            println!("{:>5}  {}", tag.id, tag.name);
            found += 1;
        }
    }
    println!("500 calls, {found} tags");
    Ok(())
}
