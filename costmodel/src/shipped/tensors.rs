//! Vectors of numbers in a safetensors file, validated on reading.

use std::borrow::Cow;

use safetensors::tensor::{Dtype, Metadata, TensorView};
use safetensors::{SafeTensors, serialize};

use super::checksum;
use super::error::ModelFileError;

/// Numbers that a file holds.
pub(super) trait Number: bytemuck::Pod {
    const TYPE: Dtype;
    fn write(self, bytes: &mut Vec<u8>);
    /// All numbers that the bytes hold.
    fn read(bytes: &[u8]) -> Vec<Self>;
    /// Whether all are finite. Does not stop early, so that the loop can be vectorised.
    fn are_sound(numbers: &[Self]) -> bool;
}

macro_rules! number {
    ($type:ty, $dtype:expr, $sound:expr) => {
        impl Number for $type {
            const TYPE: Dtype = $dtype;

            fn write(self, bytes: &mut Vec<u8>) {
                bytes.extend(self.to_le_bytes());
            }

            fn read(bytes: &[u8]) -> Vec<Self> {
                let (numbers, _) = bytes.as_chunks::<{ size_of::<$type>() }>();
                numbers.iter().map(|bytes| Self::from_le_bytes(*bytes)).collect()
            }

            fn are_sound(numbers: &[Self]) -> bool {
                let sound: fn(Self) -> bool = $sound;
                numbers.iter().fold(true, |all, &number| all & sound(number))
            }
        }
    };
}

number!(u8, Dtype::U8, |_| true);
number!(u16, Dtype::U16, |_| true);
number!(u32, Dtype::U32, |_| true);
number!(u64, Dtype::U64, |_| true);
number!(f32, Dtype::F32, |x| x.is_finite());

/// Vectors to be written.
#[derive(Default)]
pub(super) struct Writer {
    vectors: Vec<(String, Dtype, usize, Vec<u8>)>,
}

impl Writer {
    pub fn put<N: Number>(&mut self, name: &str, numbers: &[N]) {
        let mut bytes = Vec::new();
        numbers.iter().for_each(|number| number.write(&mut bytes));
        self.vectors.push((name.to_owned(), N::TYPE, numbers.len(), bytes));
    }

    /// The file: the vectors, and `card` as metadata of that name.
    pub fn finish(mut self, card: String) -> Vec<u8> {
        self.put(checksum::NAME, &[0u8; checksum::BYTES]);
        let views = self.vectors.iter().map(|(name, dtype, length, bytes)| {
            let view = TensorView::new(*dtype, vec![*length], bytes).expect("as many bytes as numbers need");
            (name.as_str(), view)
        });
        let metadata = [("card".to_owned(), card)].into_iter().collect();
        let mut file = serialize(views, Some(metadata)).expect("names and sizes are in order");
        checksum::seal(&mut file);
        file
    }
}

/// Vectors of a file.
pub(super) struct Reader<'a> {
    tensors: Metadata,
    /// The bytes after the header.
    data: &'a [u8],
    /// The same for the embedded `'static` model: borrowed, neither copied nor validated.
    own: Option<&'static [u8]>,
    pub card: String,
    /// Whether the checksum matches the contents.
    intact: bool,
}

/// Bytes of the length field before the header.
const LENGTH: usize = 8;

impl<'a> Reader<'a> {
    pub fn new(bytes: &'a [u8]) -> Result<Self, ModelFileError> {
        let damaged = |error: safetensors::SafeTensorError| ModelFileError::Damaged(error.to_string());
        // Checks that each vector lies within the data, without gaps.
        let (header, tensors) = SafeTensors::read_metadata(bytes).map_err(damaged)?;
        let card = tensors.metadata().as_ref().and_then(|metadata| metadata.get("card").cloned());
        let data = bytes.get(LENGTH + header..).unwrap_or_default();
        let intact = checksum::matches(bytes);
        Ok(Self { tensors, data, own: None, card: card.ok_or(ModelFileError::Foreign)?, intact })
    }

    /// A reader of the embedded file.
    pub fn own(bytes: &'static [u8]) -> Result<Self, ModelFileError> {
        let reader = Reader::<'static>::new(bytes)?;
        Ok(Self { own: Some(reader.data), ..reader })
    }

    /// Refuses a file that was changed after it was written.
    pub fn check_intact(&self) -> Result<(), ModelFileError> {
        let last = self.place::<u8>(checksum::NAME)?;
        let in_place = last.len() == checksum::BYTES && last.end == self.data.len();
        if self.intact && in_place { Ok(()) } else { Err(ModelFileError::Checksum) }
    }

    /// Whether it reads the embedded file.
    pub fn is_own(&self) -> bool {
        self.own.is_some()
    }

    /// Byte range of a vector of such numbers.
    fn place<N: Number>(&self, name: &str) -> Result<std::ops::Range<usize>, ModelFileError> {
        let wrong = |what: String| ModelFileError::Content(format!("`{name}` {what}"));
        let tensor = self.tensors.info(name).ok_or_else(|| wrong("is missing".into()))?;
        if tensor.dtype != N::TYPE {
            return Err(wrong(format!("holds {:?} instead of {:?}", tensor.dtype, N::TYPE)));
        }
        let (start, end) = tensor.data_offsets;
        if end <= self.data.len() { Ok(start..end) } else { Err(wrong("is cut short".into())) }
    }

    /// Borrowed numbers of the embedded file if alignment and byte order allow it; else as [`Self::get`].
    pub fn lend<N: Number>(&self, name: &str) -> Result<Cow<'static, [N]>, ModelFileError> {
        let own = self.own.filter(|_| cfg!(target_endian = "little"));
        if let Some(data) = own
            && let Ok(numbers) = bytemuck::try_cast_slice(&data[self.place::<N>(name)?])
        {
            return Ok(Cow::Borrowed(numbers));
        }
        self.get(name).map(Cow::Owned)
    }

    pub fn get<N: Number>(&self, name: &str) -> Result<Vec<N>, ModelFileError> {
        let numbers = N::read(&self.data[self.place::<N>(name)?]);
        let unsound = || ModelFileError::Content(format!("`{name}` holds a number that is not finite"));
        if N::are_sound(&numbers) { Ok(numbers) } else { Err(unsound()) }
    }

    /// Exactly `expected` numbers.
    pub fn exactly<N: Number>(&self, name: &str, expected: usize) -> Result<Vec<N>, ModelFileError> {
        let numbers = self.get(name)?;
        if numbers.len() == expected {
            return Ok(numbers);
        }
        Err(ModelFileError::Content(format!("`{name}`: expected {expected} numbers, found {}", numbers.len())))
    }
}
