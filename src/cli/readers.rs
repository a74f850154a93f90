// SPDX-License-Identifier: Apache-2.0
//! Opens what `--reader` names: the seam where simulated and real readers become one.

use crate::sim::{SimReader, SimSource};
use crate::transport::pcsc::PcscCard;
use crate::transport::pcsc_source::PcscSource;
use crate::transport::reader_spec::ReaderSpec;
use crate::transport::source::CardSource;
use crate::transport::{CardTransport, TransportError};

/// Opens the card on a reader; it is reset and ready.
pub fn open(spec: &ReaderSpec) -> Result<Box<dyn CardTransport>, TransportError> {
    match spec {
        ReaderSpec::Pcsc(name) => Ok(Box::new(PcscCard::connect(name)?)),
        ReaderSpec::Sim(_) => Ok(Box::new(SimReader::open(&spec.to_string())?)),
    }
}

/// A reader that gives card after card. A PC/SC reader may come later.
pub fn source(spec: &ReaderSpec) -> Result<Box<dyn CardSource>, TransportError> {
    match spec {
        ReaderSpec::Pcsc(name) => Ok(Box::new(PcscSource::new(name))),
        ReaderSpec::Sim(_) => Ok(Box::new(SimSource::open(&spec.to_string())?)),
    }
}
