//! Telling of imports.

use super::{Callback, Import};
use crate::Result;
use crate::call::Call;

/// Tells that something is to be filed ([`Callback::PreImport`]) or has been ([`Callback::PostImport`]). Whoever files
/// builds, RPMs, archives or images calls it before and afterwards; what takes work to gather is gathered only if
/// [`Call::tells`].
pub(crate) async fn tell_of_import<'a>(
    cx: &mut Call<'_>,
    when: fn(Import<'a>) -> Callback<'a>,
    import: Import<'a>,
) -> Result<()> {
    cx.tell(when(import)).await
}
