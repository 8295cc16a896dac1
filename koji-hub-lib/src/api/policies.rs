use koji_core::api::policies::*;
use koji_core::xmlrpc::Value;

use crate::Result;
use crate::call::Call;
use crate::policy;
use crate::registry::{Handle, Registry};

pub(super) fn register(r: &mut Registry) {
    r.add::<EvalPolicy>().add::<CheckPolicy>().add::<AssertPolicy>().add::<HostEvalPolicy>();
}

impl Handle for EvalPolicy {
    async fn handle(self, cx: &mut Call<'_>) -> Result<Option<String>> {
        policy::eval(cx, &self.name, &self.data).await
    }
}

impl Handle for HostEvalPolicy {
    async fn handle(self, cx: &mut Call<'_>) -> Result<Option<String>> {
        policy::eval(cx, &self.name, &self.data).await
    }
}

impl Handle for CheckPolicy {
    async fn handle(self, cx: &mut Call<'_>) -> Result<(bool, Value)> {
        let verdict = policy::check(cx, &self.name, &self.data, &self.default, false).await?;
        let answer = (verdict.allowed, verdict.reason.as_str().into());
        if self.strict {
            verdict.require(cx, &self.name)?;
        }
        Ok(answer)
    }
}

impl Handle for AssertPolicy {
    async fn handle(self, cx: &mut Call<'_>) -> Result<()> {
        policy::check(cx, &self.name, &self.data, &self.default, false).await?.require(cx, &self.name)
    }
}
