//! A stall with many products at a server that runs already, and an invitation to it: what the measurements in a
//! browser begin with.

use std::io::Write as _;

use soko_device::{Invitation, Server};
use soko_domain::role::Role;

use crate::figure::Measured;
use crate::world::{Folder, Till};

pub(crate) fn furnish(url: &str, products: usize) -> Measured {
    let folder = Folder::new()?;
    let mut till = Till::found(&folder.path().join("till"), products)?;
    let server = till.home.device().server_at(url)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let invitation = runtime.block_on(offer(&mut till, &server, url))?;
    writeln!(std::io::stdout().lock(), "{}", invitation.to_text())?;
    Ok(till.home.close()?)
}

async fn offer(till: &mut Till, server: &Server, url: &str) -> Measured<Invitation> {
    let session = till.enrol(server).await?;
    till.exchange().await?;
    let role = Role::Cashier;
    let code = server.invite(&session, till.stall, role.name()).await?.code;
    Ok(Invitation { server: url.into(), stall: till.stall, role, code })
}
