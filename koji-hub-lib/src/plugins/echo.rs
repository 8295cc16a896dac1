//! `echo`: logs every callback.

use async_trait::async_trait;

use crate::Result;
use crate::call::Call;
use crate::plugin::{Callback, CallbackType, Plugin};

pub(super) struct Echo;

#[async_trait]
impl Plugin for Echo {
    fn name(&self) -> &str {
        "echo"
    }

    fn callbacks(&self) -> &[CallbackType] {
        CallbackType::ALL
    }

    async fn callback(&self, _cx: &mut Call<'_>, what: &Callback<'_>) -> Result<()> {
        match what.to_struct() {
            Ok(about) => tracing::info!(callback = what.kind().name(), ?about, "callback"),
            Err(e) => tracing::warn!(callback = what.kind().name(), error = %e, "callback that cannot be shown"),
        }
        Ok(())
    }
}
