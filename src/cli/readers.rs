// SPDX-License-Identifier: Apache-2.0
//! Opens what `--reader` names: the seam where simulated and real readers become one.

use crate::sim::SimReader;
use crate::transport::pcsc::PcscCard;
use crate::transport::reader_spec::ReaderSpec;
use crate::transport::{CardTransport, TransportError};

/// Opens the card on a reader; it is reset and ready.
pub fn open(spec: &ReaderSpec) -> Result<Box<dyn CardTransport>, TransportError> {
    match spec {
        ReaderSpec::Pcsc(name) => Ok(Box::new(PcscCard::connect(name)?)),
        ReaderSpec::Sim(_) => Ok(Box::new(SimReader::open(&spec.to_string())?)),
    }
}
