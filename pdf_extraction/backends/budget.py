"""The cap on a run's money. What a call costs is ``ledger``'s business."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from pdf_extraction.backends.base import Backend
from pdf_extraction.backends.ledger import price
from pdf_extraction.backends.policy import Policy
from pdf_extraction.backends.usage import Estimator
from pdf_extraction.errors import BackendError, BudgetExceeded, OutputError
from pdf_extraction.model import Completion, Request
from pdf_extraction.settings import OpenAIBackendSettings


class Purse:
    """Money of one run, over all its backends.

    Args:
        max_cost_usd: The cap; None for none.
        spent: USD that count towards the cap already.
    """

    def __init__(self, max_cost_usd: float | None, spent: float = 0.0) -> None:
        self.max_cost_usd = max_cost_usd
        self.spent = spent
        self._reserved = 0.0
        self._in_flight = 0
        self._returned = asyncio.Event()

    async def reserve(self, cost: Callable[[], float]) -> float:
        """Set aside what a call may cost, waiting while calls in flight may give some back.

        Args:
            cost: USD by what is known now; asked again after a wait, for answers teach.

        Returns:
            What was set aside.

        Raises:
            BudgetExceeded: It would pass the cap and nothing will be given back.
        """
        amount = cost()
        if self.max_cost_usd is not None and amount > 0:
            while self.spent + self._reserved + amount > self.max_cost_usd:
                if not self._in_flight:
                    raise BudgetExceeded(
                        f"max_cost_usd = {self.max_cost_usd:g} leaves no room: {self.spent:.4f} "
                        f"USD are spent and the next call may cost {amount:.4f}. Everything "
                        "answered is kept; raise [budget] max_cost_usd and run again for the rest."
                    )
                self._returned.clear()
                await self._returned.wait()
                amount = cost()
        self._reserved += amount
        self._in_flight += 1
        return amount

    def settle(self, reserved: float, spent: float) -> None:
        """Take ``spent`` USD for good and give the rest of ``reserved`` back."""
        self._reserved -= reserved
        self._in_flight -= 1
        self.spent += spent
        self._returned.set()


class Budget(Policy):
    """Asks nothing that may pass the run's cap.

    Args:
        inner: What makes and prices the calls.
        settings: Prices.
        estimator: The backend's.
        purse: The run's, shared by all backends.
    """

    def __init__(
        self, inner: Backend, settings: OpenAIBackendSettings, estimator: Estimator, purse: Purse
    ) -> None:
        super().__init__(inner)
        self._settings, self._estimator, self._purse = settings, estimator, purse

    async def complete(self, request: Request) -> Completion:
        """Ask within the cap.

        Raises:
            BudgetExceeded: Nothing was asked.
        """
        reserved = await self._purse.reserve(lambda: self._expected(request))
        spent = 0.0
        try:
            completion = await self.inner.complete(request)
            spent = completion.cost_usd
        except OutputError as error:
            spent = error.completion.cost_usd if error.completion else 0.0
            raise
        except BackendError as error:
            spent = error.cost_usd
            raise
        except asyncio.CancelledError:
            spent = reserved  # the server may have worked to the end
            raise
        finally:
            self._purse.settle(reserved, spent)
        return completion

    def _expected(self, request: Request) -> float:
        expected = self._estimator.expect(request)
        return price(self._settings, expected.input, expected.output)
