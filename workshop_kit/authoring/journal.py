from workshop_kit.journal import Journal

__all__ = ["Journal"]
