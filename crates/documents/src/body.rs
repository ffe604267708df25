//! The body of a record that carries a change: the same bytes on every device and server, for ever.

use soko_domain::ids::ThingId;
use soko_domain::wire::{Malformed, Reader, Wire, Writer};

use crate::kind::DocumentKind;
use crate::limits::CHANGE_BYTES_MAX;

const VERSION: u8 = 1;

/// One change of one document. The author stands in the record around it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ChangeBody {
    pub document: ThingId,
    pub kind: DocumentKind,
    pub change: Vec<u8>,
}

impl Wire for ChangeBody {
    fn put(&self, out: &mut Writer) {
        out.byte(VERSION);
        self.document.put(out);
        self.kind.put(out);
        out.bytes(&self.change);
    }

    fn take(input: &mut Reader<'_>) -> Result<Self, Malformed> {
        if input.byte()? != VERSION {
            return Err(Malformed::Choice);
        }
        Ok(Self {
            document: ThingId::take(input)?,
            kind: DocumentKind::take(input)?,
            change: input.bytes(CHANGE_BYTES_MAX)?.to_vec(),
        })
    }
}
