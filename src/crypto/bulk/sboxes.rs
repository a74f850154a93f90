// SPDX-License-Identifier: Apache-2.0
//! The eight S-boxes of DES (FIPS 46-3) as circuits of 570 two-input gates (AND, OR, XOR, AND NOT, NOT), for 64 lanes a word.
//! Found by a search of our own; checked here against the standard's tables on all 64 inputs.

/// `name [inputs] -> [outputs] { gates }`. Inputs are the bits b1 … b6 of the standard (b1 and b6 choose the row), outputs
/// the four bits, most significant first in both.
macro_rules! circuits {
    ($($name:ident [$($input:ident)*] -> [$($output:ident)*] { $($gate:ident = $value:expr;)* })*) => {
        $(
            #[inline]
            pub(super) fn $name([$($input),*]: [u64; 6]) -> [u64; 4] {
                $(let $gate = $value;)*
                [$($output),*]
            }
        )*
    };
}

circuits! {
    // 78 gates
    s1 [i0 i1 i2 i3 i4 i5] -> [g73 g42 g53 g83] {
        g6 = !i2; g7 = i0 & i3; g8 = g6 ^ g7; g9 = i0 & !g8; g10 = g9 | i5; g11 = g10 ^ i0; g12 = g11 ^ i3;
        g13 = i5 ^ g12; g14 = g6 & !g13; g15 = g10 & !g14; g16 = g15 & !g7; g17 = g16 | i1; g18 = g10 & !g17;
        g19 = g18 ^ i1; g20 = g13 | i3; g21 = g20 | g15; g22 = g21 ^ i2; g23 = g22 ^ g7; g24 = g19 & !g23;
        g25 = g17 & !g24; g26 = i5 | i1; g27 = g26 | i2; g28 = g6 & !g27; g29 = i4 ^ g28; g30 = g25 | g29;
        g31 = g8 ^ i4; g32 = i5 ^ g31; g33 = g13 & !i1; g34 = g27 & !g33; g35 = i4 & g20; g36 = g34 & !g35;
        g37 = g32 | g36; g38 = i1 | g37; g39 = g19 ^ g12; g40 = g38 ^ g39; g41 = i4 & !g40; g42 = g30 ^ g41;
        g43 = g23 ^ g39; g44 = g14 | g43; g45 = g44 ^ g18; g46 = g45 | i4; g47 = g29 & g34; g48 = i5 & g16;
        g49 = g23 ^ g48; g50 = i1 & g49; g51 = g47 ^ g50; g52 = i4 & !g51; g53 = g46 & !g52; g54 = i0 & !g32;
        g55 = g54 | i3; g56 = g47 & !g16; g57 = g55 | g56; g58 = g55 & g36; g59 = g31 & !g29; g60 = g41 & g48;
        g61 = g60 ^ g45; g62 = g59 | g61; g63 = g58 ^ g62; g64 = i0 & !g63; g65 = g31 ^ g49; g66 = g65 ^ g57;
        g67 = g51 ^ g27; g68 = g66 | g67; g69 = g67 ^ g12; g70 = g61 ^ g69; g71 = g68 & g70; g72 = g71 | i0;
        g73 = g64 ^ g72; g74 = !g73; g75 = g53 ^ g74; g76 = g75 ^ g42; g77 = i3 & !g76; g78 = g57 ^ g77;
        g79 = g78 | i1; g80 = g36 ^ g76; g81 = g37 & g80; g82 = i1 & !g81; g83 = g79 & !g82;
    }
    // 63 gates
    s2 [i0 i1 i2 i3 i4 i5] -> [g31 g68 g57 g46] {
        g6 = i1 ^ i5; g7 = g6 & !i3; g8 = !i4; g9 = i3 ^ g8; g10 = i0 ^ g9; g11 = g10 ^ g6; g12 = g11 ^ g7;
        g13 = g12 ^ i3; g14 = g13 ^ i2; g15 = i5 | g14; g16 = i1 | i4; g17 = g16 & !i3; g18 = i1 & !i2;
        g19 = g16 ^ i2; g20 = g6 ^ g19; g21 = g20 | g18; g22 = g21 & !g8; g23 = g19 ^ g22; g24 = g23 ^ g17;
        g25 = i5 & g24; g26 = g25 ^ g15; g27 = i0 & !g26; g28 = g21 ^ g8; g29 = g17 ^ g28; g30 = i0 | g29;
        g31 = g30 & !g27; g32 = g24 ^ g13; g33 = g32 | g8; g34 = g23 & !i0; g35 = g34 ^ g11; g36 = i4 | g35;
        g37 = g36 & g33; g38 = g37 | i5; g39 = i2 & g10; g40 = g30 ^ g14; g41 = g40 & !g39; g42 = g7 ^ i4;
        g43 = g42 | g41; g44 = g43 ^ g22; g45 = i5 & !g44; g46 = g45 ^ g38; g47 = g35 & g28; g48 = g13 ^ g18;
        g49 = g48 & !g42; g50 = g49 | g47; g51 = g14 | g50; g52 = g39 | i1; g53 = g52 & !g50; g54 = g43 | g47;
        g55 = g21 | g54; g56 = g55 & !g53; g57 = g56 & g51; g58 = g12 & g54; g59 = i1 & !g58; g60 = g52 ^ g59;
        g61 = i2 & !g60; g62 = g10 | g47; g63 = g62 ^ g45; g64 = i3 & !g63; g65 = g11 | i3; g66 = g65 ^ g64;
        g67 = g66 | i2; g68 = g67 ^ g61;
    }
    // 67 gates
    s3 [i0 i1 i2 i3 i4 i5] -> [g72 g33 g52 g66] {
        g6 = !i4; g7 = g6 ^ i2; g8 = g7 & !i4; g9 = i3 & !g7; g10 = g8 ^ g9; g11 = i1 ^ g8; g12 = g6 ^ g11;
        g13 = g10 & g12; g14 = i4 & !i3; g15 = g11 ^ g14; g16 = !i5; g17 = g15 ^ g16; g18 = i3 | g12; g19 = g18 ^ g9;
        g20 = g19 | i5; g21 = g19 ^ g20; g22 = g15 | i5; g23 = g21 ^ g22; g24 = g17 & !g23; g25 = g13 | g24;
        g26 = i3 & !i4; g27 = g11 ^ g26; g28 = g7 & !g27; g29 = g28 & g13; g30 = g25 & !g29; g31 = g30 | i0;
        g32 = i0 & !g23; g33 = g31 ^ g32; g34 = g26 ^ g16; g35 = i2 & !g34; g36 = i5 ^ g7; g37 = g36 ^ g27;
        g38 = g37 | i0; g39 = !g38; g40 = g35 | g39; g41 = g14 ^ g40; g42 = i1 | g41; g43 = g10 | g27; g44 = g36 ^ i3;
        g45 = g44 | g16; g46 = g45 ^ g20; g47 = i0 | g46; g48 = g36 | g26; g49 = i0 & !g48; g50 = g47 ^ g49;
        g51 = g43 & !g50; g52 = g42 & !g51; g53 = g12 & !g8; g54 = g53 | g44; g55 = g18 & !g54; g56 = g44 & i1;
        g57 = g43 ^ g56; g58 = i5 | g57; g59 = i3 & !g30; g60 = g11 ^ g59; g61 = i5 & !g60; g62 = g58 & !g61;
        g63 = g62 | g28; g64 = g55 ^ g63; g65 = i0 & !g64; g66 = g38 & !g65; g67 = i0 | g62; g68 = g54 ^ g35;
        g69 = g68 & !i1; g70 = g56 | g69; g71 = i0 & !g70; g72 = g67 & !g71;
    }
    // 53 gates
    s4 [i0 i1 i2 i3 i4 i5] -> [g56 g58 g40 g37] {
        g6 = i4 ^ i0; g7 = i1 | i2; g8 = i0 ^ i3; g9 = g8 | i3; g10 = g6 & g9; g11 = i3 ^ g10; g12 = i2 ^ g11;
        g13 = g7 ^ g12; g14 = i0 | g13; g15 = i2 ^ g14; g16 = g6 | g15; g17 = g16 ^ i1; g18 = i4 ^ g9; g19 = !g18;
        g20 = g19 ^ g7; g21 = g17 ^ g20; g22 = g21 & !i2; g23 = i1 | g8; g24 = g23 ^ g18; g25 = g24 & !g13;
        g26 = g22 ^ g25; g27 = i5 & !g26; g28 = g7 | g14; g29 = g12 & !g8; g30 = g29 | g17; g31 = g9 & !g30;
        g32 = g24 & !i4; g33 = g31 | g32; g34 = g28 & !g33; g35 = !g34; g36 = g35 | i5; g37 = g27 ^ g36;
        g38 = g26 ^ g27; g39 = g35 & i5; g40 = g38 ^ g39; g41 = g7 | g18; g42 = g6 & !g11; g43 = g42 ^ g8;
        g44 = g20 | g42; g45 = g42 & !g30; g46 = g44 & !g45; g47 = g43 ^ g46; g48 = g12 & !g47; g49 = i1 ^ g48;
        g50 = g41 ^ g49; g51 = g49 & !i4; g52 = i3 & !g51; g53 = g52 ^ g46; g54 = g53 ^ g50; g55 = g54 & i5;
        g56 = g50 ^ g55; g57 = i5 | g54; g58 = g50 ^ g57;
    }
    // 86 gates
    s5 [i0 i1 i2 i3 i4 i5] -> [g58 g35 g91 g89] {
        g6 = !i5; g7 = g6 ^ i4; g8 = g7 ^ i1; g9 = g8 ^ i0; g10 = i4 & i0; g11 = i2 | g10; g12 = g11 ^ g9;
        g13 = i4 | g8; g14 = g13 & g12; g15 = i0 & g14; g16 = i0 | g12; g17 = g16 | i1; g18 = g9 ^ g17;
        g19 = i2 | g18; g20 = g19 & !i4; g21 = i2 ^ g20; g22 = i0 & !g21; g23 = g22 ^ g15; g24 = !g14;
        g25 = g24 ^ g23; g26 = i3 & !g12; g27 = i1 ^ g26; g28 = g17 & !g27; g29 = g25 | i1; g30 = g9 | g24;
        g31 = g30 & g16; g32 = i1 & !g31; g33 = g32 ^ g29; g34 = g33 | i3; g35 = g34 ^ g26; g36 = g11 & !g35;
        g37 = g36 ^ g28; g38 = g37 ^ g25; g39 = i1 ^ g38; g40 = i2 & g39; g41 = i2 ^ g9; g42 = g32 ^ g41;
        g43 = i3 & !g42; g44 = i3 ^ g24; g45 = g10 | g44; g46 = i0 & !g45; g47 = g7 | g46; g48 = g41 & g47;
        g49 = g19 ^ g44; g50 = g49 | g48; g51 = g50 & !g43; g52 = g33 ^ g51; g53 = g30 ^ g52; g54 = g53 | i2;
        g55 = g54 ^ g40; g56 = i5 | g55; g57 = i5 & !g51; g58 = g57 ^ g56; g59 = g21 & g44; g60 = g46 | g59;
        g61 = i1 | g11; g62 = g45 | g18; g63 = g62 ^ g61; g64 = i0 | i3; g65 = g64 | g13; g66 = g65 ^ g63;
        g67 = g41 | g20; g68 = g67 & g66; g69 = i5 | g68; g70 = g19 ^ g69; g71 = g31 ^ g68; g72 = g71 | g70;
        g73 = g72 & !g60; g74 = i1 & !g73; g75 = g57 ^ g45; g76 = g34 | i5; g77 = g76 ^ g75; g78 = g77 ^ g23;
        g79 = i2 | g78; g80 = g44 ^ i2; g81 = i0 & !g80; g82 = g39 & g66; g83 = i0 | g82; g84 = g83 ^ g81;
        g85 = g64 ^ g84; g86 = i2 & !g85; g87 = g86 ^ g79; g88 = i1 | g87; g89 = g88 ^ g74; g90 = i5 & !g84;
        g91 = g69 & !g90;
    }
    // 75 gates
    s6 [i0 i1 i2 i3 i4 i5] -> [g64 g53 g80 g69] {
        g6 = i2 & !i1; g7 = i4 ^ g6; g8 = g7 ^ i0; g9 = i1 ^ i2; g10 = g8 ^ g9; g11 = i2 | g10; g12 = !i5;
        g13 = g11 ^ g12; g14 = g13 | i2; g15 = g9 ^ g12; g16 = i2 & i4; g17 = i1 & !g16; g18 = g15 | g17;
        g19 = i3 ^ g10; g20 = g16 ^ g19; g21 = g20 ^ i5; g22 = g18 & !g11; g23 = g7 | g22; g24 = g21 ^ g23; g25 = !i4;
        g26 = g22 ^ g18; g27 = g26 | i0; g28 = g15 ^ g16; g29 = i0 & !g28; g30 = g27 ^ g29; g31 = i5 & !g30;
        g32 = g25 ^ g31; g33 = g24 & g32; g34 = g18 & !g33; g35 = i2 & !g34; g36 = g14 ^ g35; g37 = i3 | g36;
        g38 = g19 ^ g26; g39 = g8 & !g7; g40 = g38 & !g39; g41 = i5 & !g40; g42 = i3 ^ g24; g43 = g41 ^ g28;
        g44 = g43 & !i4; g45 = i3 & !g44; g46 = g42 ^ g45; g47 = i1 | g46; g48 = g17 ^ g47; g49 = g21 ^ g48;
        g50 = i5 | g49; g51 = g41 ^ g50; g52 = i3 & !g51; g53 = g37 & !g52; g54 = g25 & g19; g55 = g41 & g32;
        g56 = g55 | g9; g57 = g40 ^ g32; g58 = i0 & !g57; g59 = g58 | g7; g60 = g59 ^ g21; g61 = g56 ^ g60;
        g62 = g54 | g61; g63 = i1 & g62; g64 = g47 & !g63; g65 = g7 | g8; g66 = g58 ^ g65; g67 = i3 | g66;
        g68 = i3 & !g30; g69 = g67 ^ g68; g70 = g30 ^ g26; g71 = g21 | g28; g72 = g70 & g71; g73 = g11 ^ g72;
        g74 = g73 ^ g33; g75 = i1 & !g74; g76 = g61 ^ g39; g77 = i3 & !g71; g78 = g76 & !g77; g79 = g78 | i1;
        g80 = g75 ^ g79;
    }
    // 66 gates
    s7 [i0 i1 i2 i3 i4 i5] -> [g40 g49 g62 g71] {
        g6 = i5 ^ i4; g7 = i5 & !i3; g8 = i4 & !g7; g9 = g8 & !i2; g10 = g9 | g6; g11 = g10 ^ i1; g12 = i2 ^ g11;
        g13 = i1 ^ i3; g14 = i2 & !g13; g15 = i1 ^ g12; g16 = g15 & !i5; g17 = g13 ^ g16; g18 = g17 & !g14; g19 = !i4;
        g20 = g11 & !g19; g21 = i4 & !g20; g22 = g21 ^ g18; g23 = g22 ^ g12; g24 = g19 ^ g13; g25 = g24 & !g21;
        g26 = i1 | g25; g27 = g26 & !g23; g28 = g26 | g15; g29 = g28 ^ g27; g30 = g29 ^ i0; g31 = i0 | g30;
        g32 = g12 | g8; g33 = g12 & i1; g34 = g33 ^ g26; g35 = g34 ^ g32; g36 = i4 & g35; g37 = g17 | i4;
        g38 = g37 & !g36; g39 = i0 & !g38; g40 = g39 ^ g31; g41 = g14 & g6; g42 = g20 & i1; g43 = g30 & !g42;
        g44 = g43 & !g7; g45 = g32 & !g44; g46 = g45 & !g41; g47 = i0 & !g46; g48 = g34 | i0; g49 = g48 & !g47;
        g50 = g15 ^ i0; g51 = g6 & !g50; g52 = g11 & g51; g53 = g20 | g17; g54 = g53 & !g52; g55 = i0 | g54;
        g56 = g24 & !i3; g57 = g7 | g6; g58 = g23 & !g57; g59 = g50 | g58; g60 = g59 ^ g56; g61 = i0 & !g60;
        g62 = g61 ^ g55; g63 = g43 ^ g34; g64 = i2 ^ g63; g65 = g64 | g52; g66 = i3 & !g65; g67 = i2 & !g50;
        g68 = g13 ^ g43; g69 = g68 & !g67; g70 = g69 | i3; g71 = g70 ^ g66;
    }
    // 82 gates
    s8 [i0 i1 i2 i3 i4 i5] -> [g87 g47 g75 g78] {
        g6 = i4 & !i1; g7 = i2 & !g6; g8 = i4 | i3; g9 = g7 & !g8; g10 = i0 ^ i4; g11 = g10 ^ i3; g12 = g8 & g11;
        g13 = !i2; g14 = g12 ^ g13; g15 = i1 ^ g14; g16 = g10 | i2; g17 = g16 ^ g8; g18 = g16 ^ g13; g19 = g18 & !i0;
        g20 = g17 ^ g19; g21 = g15 ^ g20; g22 = i5 & !g21; g23 = i2 ^ g11; g24 = g11 ^ g20; g25 = i4 & !g24;
        g26 = g25 | g15; g27 = g26 & g14; g28 = g7 ^ i5; g29 = g27 ^ g28; g30 = i0 | g29; g31 = i1 | g24;
        g32 = g21 | i1; g33 = g32 ^ g14; g34 = g31 ^ g33; g35 = i3 & !g34; g36 = g25 ^ g10; g37 = g32 & !g36;
        g38 = g31 | g12; g39 = g37 ^ g38; g40 = i3 | g39; g41 = g35 ^ g40; g42 = !g41; g43 = g9 ^ g42; g44 = g43 | i5;
        g45 = g44 ^ g22; g46 = i0 & !g45; g47 = g30 ^ g46; g48 = g29 & g21; g49 = g48 | g20; g50 = g39 & !g48;
        g51 = g7 & !g15; g52 = g51 & !g36; g53 = g50 | g52; g54 = g53 & !g29; g55 = g49 ^ g54; g56 = g47 ^ g55;
        g57 = g23 ^ g56; g58 = g22 | g57; g59 = g50 & !g55; g60 = g58 ^ g59; g61 = g9 | g60; g62 = g7 & !g53;
        g63 = g61 ^ g62; g64 = i4 | g63; g65 = i5 & !g41; g66 = g55 | g10; g67 = g21 & !i0; g68 = g66 & !g67;
        g69 = g65 | g68; g70 = g19 | g50; g71 = g60 ^ g70; g72 = i5 & !g71; g73 = g69 & !g72; g74 = i4 & !g73;
        g75 = g64 ^ g74; g76 = g23 | g70; g77 = g33 | i5; g78 = g77 ^ g65; g79 = g76 ^ g78; g80 = g53 ^ g79;
        g81 = g80 | i3; g82 = g18 ^ g57; g83 = i3 & !g82; g84 = g81 ^ g83; g85 = g84 ^ g77; g86 = g85 | i5;
        g87 = g86 ^ g33;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The tables of FIPS 46-3, row by row, four bits a digit.
    const TABLES: [[u64; 4]; 8] = [
        [
            0xE4D1_2FB8_3A6C_5907,
            0x0F74_E2D1_A6CB_9538,
            0x41E8_D62B_FC97_3A50,
            0xFC82_4917_5B3E_A06D,
        ],
        [
            0xF18E_6B34_972D_C05A,
            0x3D47_F28E_C01A_69B5,
            0x0E7B_A4D1_58C6_932F,
            0xD8A1_3F42_B67C_05E9,
        ],
        [
            0xA09E_63F5_1DC7_B428,
            0xD709_346A_285E_CBF1,
            0xD649_8F30_B12C_5AE7,
            0x1AD0_6987_4FE3_B52C,
        ],
        [
            0x7DE3_069A_1285_BC4F,
            0xD8B5_6F03_472C_1AE9,
            0xA690_CB7D_F13E_5284,
            0x3F06_A1D8_945B_C72E,
        ],
        [
            0x2C41_7AB6_853F_D0E9,
            0xEB2C_47D1_50FA_3986,
            0x421B_AD78_F9C5_630E,
            0xB8C7_1E2D_6F09_A453,
        ],
        [
            0xC1AF_9268_0D34_E75B,
            0xAF42_7C95_61DE_0B38,
            0x9EF5_28C3_704A_1DB6,
            0x432C_95FA_BE17_608D,
        ],
        [
            0x4B2E_F08D_3C97_5A61,
            0xD0B7_491A_E35C_2F86,
            0x14BD_C37E_AF68_0592,
            0x6BD8_14A7_950F_E23C,
        ],
        [
            0xD284_6FB1_A93E_50C7,
            0x1FD8_A374_C56B_0E92,
            0x7B41_9CE2_06AD_F358,
            0x21E7_4A8D_FC90_356B,
        ],
    ];

    #[test]
    fn circuits_are_the_tables() {
        let circuits = [s1, s2, s3, s4, s5, s6, s7, s8];
        // Lane n carries the input n.
        let inputs = std::array::from_fn(|bit| {
            (0..64)
                .filter(|n| n >> (5 - bit) & 1 == 1)
                .fold(0, |word, n| word | 1 << n)
        });
        for (number, (circuit, table)) in circuits.iter().zip(TABLES).enumerate() {
            let out = circuit(inputs);
            for n in 0..64 {
                let (row, column) = (n >> 4 & 2 | n & 1, n >> 1 & 15);
                let expected = table[row] >> (60 - 4 * column) & 15;
                let got = out.iter().fold(0, |digit, word| digit << 1 | word >> n & 1);
                assert_eq!(got, expected, "S{} of {n}", number + 1);
            }
        }
    }
}
