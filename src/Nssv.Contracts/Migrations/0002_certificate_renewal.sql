-- An agent's next certificate, until it is first shown; and the query of an image's URL, which may be a signature and is kept apart until the image is ready.
ALTER TABLE "hosts" ADD COLUMN "next_certificate_fingerprint" {text};
ALTER TABLE "images" ADD COLUMN "source_query" {text};
