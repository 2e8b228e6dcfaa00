"""docling's VLM pipeline by API."""

from __future__ import annotations

from benchmarks.peers.common import arguments, done


def main() -> None:
    """Its own defaults; tuned, as many calls at once as the server has slots."""
    from docling.datamodel.base_models import ConversionStatus, InputFormat
    from docling.datamodel.pipeline_options import VlmPipelineOptions
    from docling.datamodel.pipeline_options_vlm_model import ApiVlmOptions, ResponseFormat
    from docling.datamodel.settings import settings
    from docling.document_converter import DocumentConverter, PdfFormatOption
    from docling.pipeline.vlm_pipeline import VlmPipeline

    asked = arguments()
    tuned = {"concurrency": asked.slots, "scale": 1.6} if asked.tuned else {}
    if asked.tuned:
        settings.perf.page_batch_size = asked.slots
    options = VlmPipelineOptions(enable_remote_services=True)
    options.vlm_options = ApiVlmOptions(
        url=f"{asked.url}/chat/completions",
        params={"model": "scripted", "max_tokens": 8192},
        prompt="Convert this page to Markdown.",
        timeout=120,
        response_format=ResponseFormat.MARKDOWN,
        **tuned,
    )
    converter = DocumentConverter(
        format_options={
            InputFormat.PDF: PdfFormatOption(pipeline_cls=VlmPipeline, pipeline_options=options)
        }
    )
    started = done.clock()
    pages = lost = 0
    for result in converter.convert_all(sorted(asked.pdfs.glob("*.pdf")), raises_on_error=False):
        whole = result.status is ConversionStatus.SUCCESS
        pages += len(result.pages) if whole else 0
        lost += 0 if whole else len(result.pages)
    done(started, pages=pages, lost=lost)


if __name__ == "__main__":
    main()
