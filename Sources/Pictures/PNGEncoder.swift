import CPNG

extension Raster {
    /// The image as a PNG file with a palette.
    ///
    /// Uses libpng's simplified API, which reports errors in a struct: the other one leaves by `longjmp`, which must not cross
    /// a Swift frame.
    ///
    /// - Throws: ``PNGError`` where libpng cannot encode the image, such as for want of memory.
    func encodedAsPNG() throws(PNGError) -> [UInt8] {
        let palette = Self.palette.flatMap { [$0.red, $0.green, $0.blue] }
        var image = unsafe png_image()
        unsafe image.version = png_uint_32(PNG_IMAGE_VERSION)
        unsafe image.width = png_uint_32(self.width)
        unsafe image.height = png_uint_32(self.height)
        unsafe image.format = png_uint_32(PNG_FORMAT_FLAG_COLOR | PNG_FORMAT_FLAG_COLORMAP)
        unsafe image.colormap_entries = png_uint_32(Self.palette.count)

        // The first call has no memory to write to and only says how much is needed.
        var byteCount: png_alloc_size_t = 0
        // SAFETY: libpng reads width × height indices, all below the number of palette entries, and the palette's bytes; it
        // keeps neither pointer, and releases what it allocated before it returns.
        guard unsafe png_image_write_to_memory(&image, nil, &byteCount, 0, self.pixels, 0, palette) != 0 else {
            throw unsafe PNGError(image)
        }
        var bytes = [UInt8](repeating: 0, count: Int(byteCount))
        // SAFETY: As above; libpng writes at most `byteCount` bytes, the size of `bytes`.
        guard unsafe png_image_write_to_memory(&image, &bytes, &byteCount, 0, self.pixels, 0, palette) != 0 else {
            throw unsafe PNGError(image)
        }
        bytes.removeLast(bytes.count - Int(byteCount))
        return bytes
    }
}

extension PNGError {
    /// Creates the error that libpng left in an image.
    @unsafe
    fileprivate init(_ image: png_image) {
        // SAFETY: The message is a part of the struct, which outlives the closure.
        self.reason = unsafe withUnsafeBytes(of: image.message) { message in
            unsafe String(decoding: message.prefix { $0 != 0 }, as: UTF8.self)
        }
    }
}
