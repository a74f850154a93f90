// SPDX-License-Identifier: Apache-2.0
//! Contact cards with T=0 (ISO/IEC 7816-3 §10): an answer to a command with data waits for GET RESPONSE (61xx); a wrong Le of
//! a command without data gives 6Cxx and the right length.

use crate::iso7816::{Command, StatusWord};

use super::card::SimCard;
use super::sw::{self, Answer, Handled};

impl SimCard {
    pub(super) fn over_t0(&mut self, command: Command) -> Handled {
        if command.ins == 0xC0 && command.cla & 0x7F == 0 {
            return self.get_response(&command);
        }
        self.now.waiting.clear();
        let (with_data, le) = (!command.data().is_empty(), command.le());
        let answer = self.handle(command)?;
        if answer.data.is_empty() {
            return Ok(answer);
        }
        if with_data {
            if answer.sw != sw::OK {
                return Err(answer.sw);
            }
            let length = answer.data.len();
            self.now.waiting = answer.data;
            return Err(StatusWord(0x6100 | length as u16 & 0xFF));
        }
        match le {
            Some(le) if le.limit() < answer.data.len() => {
                Ok(Answer::with(answer.data[..le.limit()].to_vec(), answer.sw))
            }
            Some(le) if le.limit() == answer.data.len() => Ok(answer),
            _ => Err(StatusWord(0x6C00 | answer.data.len() as u16 & 0xFF)),
        }
    }

    fn get_response(&mut self, command: &Command) -> Handled {
        let waiting = std::mem::take(&mut self.now.waiting);
        let wanted = command.le().map_or(waiting.len(), |le| le.limit().min(waiting.len()));
        if waiting.is_empty() {
            return Err(sw::CONDITIONS);
        }
        let (now, later) = waiting.split_at(wanted);
        self.now.waiting = later.to_vec();
        let sw = if later.is_empty() {
            sw::OK
        } else {
            StatusWord(0x6100 | later.len() as u16 & 0xFF)
        };
        Ok(Answer::with(now.to_vec(), sw))
    }
}
