"""spandrel: its loader, that of chaiNNer and ComfyUI, runs our networks on the kernels.

    import swinsr.integrations.spandrel
    swinsr.integrations.spandrel.install()
    model = spandrel.ModelLoader().load_from_file("swinir.pth")    # as ever

Files that spandrel knows as SwinIR or Swin2SR, and those that lack the buffers it needs, are then
built by this program.
"""

from swinsr.integrations.spandrel.loader import KernelNetwork, install

__all__ = ["KernelNetwork", "install"]
